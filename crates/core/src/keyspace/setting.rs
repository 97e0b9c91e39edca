//! Whether the server is set up to tell what is wanted: `notify-keyspace-events`.

use std::collections::BTreeMap;

use super::filter::by_key;
use super::{EventClass, KeyspaceEvents};
use crate::error::{Error, ErrorKind, ServerCode};

/// The name of the setting.
pub const NAME: &str = "notify-keyspace-events";

/// What `A` stands for.
const ALL: &str = "g$lshzxetd";

/// Whether the server is set up to tell what is wanted.
#[derive(Debug)]
#[non_exhaustive]
pub enum Setting {
    /// It is.
    Good,
    /// It is to be set to this; what was on stays on. If that fails, [`Setting::could_not`] says so.
    Set(String),
    /// The server does not say, and that was not insisted upon: go on, and warn with this.
    Unknown(String),
    /// It is not, and this tells the user what to do.
    Bad(Error),
}

impl Setting {
    /// Judges what CONFIG GET has answered.
    #[must_use]
    pub fn judge(wanted: &KeyspaceEvents, answer: Result<BTreeMap<String, String>, Error>) -> Self {
        let present = match answer {
            Ok(mut settings) => settings.remove(NAME),
            Err(error) if is_out_of_reach(&error) => {
                let why = format!("the server does not say whether it tells keyspace events ({error})");
                return Self::unknown(wanted, why, Some(error));
            }
            Err(error) => return Self::Bad(error),
        };
        let Some(present) = present else {
            return Self::unknown(wanted, format!("the server does not show its setting {NAME}"), None);
        };
        let needed = needed(wanted);
        let missing = missing(&present, &needed);
        if missing.is_empty() {
            return Self::Good;
        }
        let union = union(&present, &needed);
        if wanted.enable {
            return Self::Set(union);
        }
        Self::Bad(Error::new(
            ErrorKind::Config,
            format!(
                "the server does not tell these keyspace events: its setting {NAME} is \"{present}\" and lacks \
                 \"{missing}\". Set it with `CONFIG SET {NAME} \"{union}\"`, for good with the line \
                 `{NAME} \"{union}\"` in its redis.conf, or let the client do it with `KeyspaceEvents::enable(true)`"
            ),
        ))
    }

    fn unknown(wanted: &KeyspaceEvents, why: String, cause: Option<Error>) -> Self {
        let needed = needed(wanted);
        let message = format!("{why}; it must have {NAME} set to \"{needed}\" or more for them to come");
        if !wanted.insist {
            return Self::Unknown(message);
        }
        let error = Error::new(ErrorKind::Config, message);
        Self::Bad(match cause {
            Some(cause) => error.because(cause),
            None => error,
        })
    }

    /// The error of a CONFIG SET to `union` that failed.
    #[must_use]
    pub fn could_not(union: &str, error: Error) -> Error {
        let message = format!(
            "the server does not tell these keyspace events and could not be made to ({error}). Set {NAME} to \
             \"{union}\" in its redis.conf or in the way of your service"
        );
        Error::new(ErrorKind::Config, message).because(error)
    }
}

/// CONFIG is forbidden, or is called something else here.
fn is_out_of_reach(error: &Error) -> bool {
    error.kind() == ErrorKind::Server
        && (error.server_code() == Some(ServerCode::NoPerm)
            || error.server_error().is_some_and(|line| line.to_string().contains("unknown")))
}

/// The letters that must be there.
fn needed(wanted: &KeyspaceEvents) -> String {
    let mut letters = String::from(if by_key(wanted) { 'K' } else { 'E' });
    let classes =
        wanted.events.iter().filter_map(super::KeyEvent::class).chain(wanted.classes.iter().copied());
    for letter in classes.map(EventClass::letter) {
        if !letters.contains(letter) {
            letters.push(letter);
        }
    }
    if wanted.events.is_empty() && wanted.classes.is_empty() {
        letters.push('A');
    }
    letters
}

/// The letters that are not there.
fn missing(present: &str, needed: &str) -> String {
    let has = |letter: char| present.contains(letter) || (present.contains('A') && ALL.contains(letter));
    let is_there = |letter: char| match letter {
        // The server may name all of them one by one; of `d`, older ones know nothing.
        'A' => ALL.chars().all(|one| one == 'd' || has(one)),
        other => has(other),
    };
    needed.chars().filter(|letter| !is_there(*letter)).collect()
}

/// What is there and what is needed.
fn union(present: &str, needed: &str) -> String {
    let mut letters: Vec<char> = Vec::new();
    for letter in ['K', 'E', 'A'].into_iter().chain(present.chars()).chain(needed.chars()) {
        let wanted = present.contains(letter) || needed.contains(letter);
        let covered = letters.contains(&letter) || (letters.contains(&'A') && ALL.contains(letter));
        if wanted && !covered {
            letters.push(letter);
        }
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyspace::KeyEvent;
    use carnelian_command::{ServerError, spec};

    fn judged(wanted: &KeyspaceEvents, present: &str) -> Setting {
        Setting::judge(wanted, Ok(BTreeMap::from([(NAME.to_owned(), present.to_owned())])))
    }

    #[test]
    fn what_is_missing_is_said_with_how_to_set_it() {
        let expired = KeyspaceEvents::new().events([KeyEvent::Expired, KeyEvent::Set]);
        for good in ["Ex$", "AE", "KEA", "gx$lE"] {
            assert!(matches!(judged(&expired, good), Setting::Good), "{good}");
        }
        let Setting::Bad(error) = judged(&expired, "Kgx") else { panic!("it was good") };
        let text = error.to_string();
        for part in
            ["is \"Kgx\"", "lacks \"E$\"", "CONFIG SET notify-keyspace-events \"KEgx$\"", "redis.conf"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(error.kind(), ErrorKind::Config);
        let enabled = expired.enable(true);
        assert!(matches!(judged(&enabled, ""), Setting::Set(set) if set == "Ex$"));
        assert!(matches!(judged(&enabled, "KA"), Setting::Set(set) if set == "KEA"));
        assert!(matches!(judged(&enabled, "AE"), Setting::Good));
    }

    #[test]
    fn all_is_all_however_it_is_said() {
        let all = KeyspaceEvents::new().enable(true);
        for good in ["AE", "AKE", "g$lshzxetE", "g$lshzxetdE"] {
            assert!(matches!(judged(&all, good), Setting::Good), "{good}");
        }
        assert!(matches!(judged(&all, "g$lshzxeE"), Setting::Set(set) if set == "EA"));
        // `A` has neither of these.
        for event in [KeyEvent::New, KeyEvent::Miss] {
            let wanted = KeyspaceEvents::new().event(event).enable(true);
            let Setting::Set(set) = judged(&wanted, "AKE") else { panic!("it was good") };
            assert!(set == "KEAn" || set == "KEAm", "{set}");
        }
        let by_key = KeyspaceEvents::new().prefix("x").class(EventClass::Hash).enable(true);
        assert!(matches!(judged(&by_key, "Em"), Setting::Set(set) if set == "KEmh"));
    }

    #[test]
    fn a_server_that_does_not_say_is_believed_unless_one_insists() {
        let wanted = KeyspaceEvents::new().event("expired");
        let refusals = [
            "NOPERM this user has no permissions to run the 'config|get' command",
            "ERR unknown command 'CONFIG'",
        ];
        for line in refusals {
            let error = || Error::server(&spec::CONFIG_GET, ServerError::new(line.as_bytes()));
            assert!(
                matches!(Setting::judge(&wanted, Err(error())), Setting::Unknown(why) if why.contains("\"Ex\""))
            );
            let insisting = wanted.clone().insist(true);
            assert!(matches!(Setting::judge(&insisting, Err(error())), Setting::Bad(_)));
        }
        assert!(matches!(Setting::judge(&wanted, Ok(BTreeMap::new())), Setting::Unknown(_)));
        assert!(
            matches!(Setting::judge(&wanted, Err(Error::closed())), Setting::Bad(error) if error.kind() == ErrorKind::Closed)
        );
    }
}
