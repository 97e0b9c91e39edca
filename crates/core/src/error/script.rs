//! Errors around scripts: that the server doesn't know one by its hash, and which line of one an error is about.

use carnelian_command::ServerError;

use super::{Error, ServerCode};

impl Error {
    /// True when the server has not run a script because it doesn't know its hash: the source has to be sent.
    ///
    /// A script can make up error lines of its own, with any code, after it has written. So the server's own text counts too.
    #[must_use]
    pub fn is_unknown_script(&self) -> bool {
        self.server_error().is_some_and(|line| {
            ServerCode::of(line) == ServerCode::NoScript && line.text().starts_with("No matching script")
        })
    }

    /// The line of the script or the library that it is about, when the server tells. The text is in
    /// [`server_error`](Self::server_error).
    #[must_use]
    pub fn script_line(&self) -> Option<u32> {
        self.server_error().and_then(line_in)
    }
}

fn line_in(error: &ServerError) -> Option<u32> {
    // As in "user_script:3: boom script: 7c1d…, on @user_script:3." or "@user_function: 12: …".
    ["user_script:", "user_function:"].into_iter().find_map(|name| {
        error.line().split(name).skip(1).find_map(|rest| {
            let rest = rest.trim_start();
            let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
            rest.get(..end)?.parse().ok()
        })
    })
}

#[cfg(test)]
mod tests {
    use carnelian_command::spec;

    use super::*;

    fn error(line: &str) -> Error {
        Error::server(&spec::EVALSHA, ServerError::new(line.as_bytes()))
    }

    #[test]
    fn only_the_servers_own_word_says_that_nothing_was_run() {
        assert!(error("NOSCRIPT No matching script. Please use EVAL.").is_unknown_script());
        assert!(!error("NOSCRIPT made up by the script").is_unknown_script());
        assert!(!error("ERR No matching script").is_unknown_script());
    }

    /// As Redis 6.2, Redis 8.6 and Valkey 9.1 put them.
    #[test]
    fn the_line_is_found() {
        for (text, want) in [
            ("ERR user_script:3: boom script: 82903a04, on @user_script:3.", Some(3)),
            ("ERR Error running script (call to f_61636018): @user_script:12: WRONGTYPE no", Some(12)),
            ("WRONGTYPE Operation against a key script: 61636018, on @user_script:1.", Some(1)),
            ("ERR Error compiling script (new function): user_script:4: '=' expected", Some(4)),
            ("ERR Error compiling function: @user_function: 2: unexpected symbol", Some(2)),
            ("INSUFFICIENT balance", None),
            ("ERR user_script: nothing", None),
        ] {
            assert_eq!(error(text).script_line(), want, "{text}");
        }
    }
}
