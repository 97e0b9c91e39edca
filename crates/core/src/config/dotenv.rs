//! Owns reading a `.env` file. It only reads: the process's environment is never changed.
//!
//! ```text
//! # a comment
//! export REDIS_HOST=localhost      # ends at ` #`; blanks around the value go
//! REDIS_PASSWORD='as it is: $, # and \ too'
//! REDIS_CLIENT_NAME="with \n \r \t \\ \" \$ escapes"
//! ```
//! Quoted values may run over several lines. `$VARIABLE` is not replaced. A name set twice has its last value.

use std::path::Path;

use super::env::{Found, Layer};
use super::error::ConfigError;

/// The variables of a file.
#[derive(Debug, Default)]
pub(super) struct DotEnv {
    file: String,
    entries: Vec<Entry>,
}

struct Entry {
    name: String,
    value: String,
    line: usize,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in line {}", self.name, self.line)
    }
}

impl Layer for DotEnv {
    fn find(&self, name: &str) -> Result<Option<Found>, ConfigError> {
        let last = self.entries.iter().rfind(|entry| entry.name == name);
        Ok(last.map(|entry| Found {
            text: entry.value.clone(),
            place: format!("{name} in {}, line {},", self.file, entry.line),
        }))
    }
}

impl DotEnv {
    /// Reads a file; one that isn't there has no variables.
    pub(super) fn read(path: &Path) -> Result<Self, ConfigError> {
        let file = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                tracing::debug!("there is no {file}; the environment alone decides");
                Ok(Self::default())
            }
            Err(error) => Err(ConfigError::new(format!("{file} can't be read: {error}"))),
        }
    }

    fn parse(text: &str, file: String) -> Result<Self, ConfigError> {
        let mut parser = Parser { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1, file: &file };
        let mut entries = Vec::new();
        while !parser.rest.is_empty() {
            entries.extend(parser.statement()?);
        }
        Ok(Self { entries, file })
    }
}

struct Parser<'t> {
    rest: &'t str,
    line: usize,
    file: &'t str,
}

impl<'t> Parser<'t> {
    fn fail<T>(&self, line: usize, what: &str) -> Result<T, ConfigError> {
        Err(ConfigError::new(format!("{}, line {line}: {what}", self.file)))
    }

    /// Takes `count` bytes, which end at a character's end.
    fn take(&mut self, count: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at_checked(count).unwrap_or((self.rest, ""));
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn take_line(&mut self) -> &'t str {
        let end = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
        self.take(end)
    }

    fn skip_blanks(&mut self) {
        let blanks = self.rest.len() - self.rest.trim_start_matches([' ', '\t']).len();
        self.take(blanks);
    }

    fn statement(&mut self) -> Result<Option<Entry>, ConfigError> {
        self.skip_blanks();
        if self.rest.starts_with(['#', '\n', '\r']) || self.rest.is_empty() {
            self.take_line();
            return Ok(None);
        }
        let line = self.line;
        if let Some(behind) = self.rest.strip_prefix("export")
            && behind.starts_with([' ', '\t'])
        {
            self.take("export".len());
            self.skip_blanks();
        }
        let length = self.rest.find(|c: char| !is_name_character(c)).unwrap_or(self.rest.len());
        let name = self.take(length);
        self.skip_blanks();
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !self.rest.starts_with('=') {
            return self.fail(line, "expected `NAME=value`, with a name of letters, digits and `_`");
        }
        self.take(1);
        self.skip_blanks();
        let value = match self.rest.as_bytes().first() {
            Some(b'\'') => self.single_quoted(line)?,
            Some(b'"') => self.double_quoted(line)?,
            _ => self.bare(),
        };
        Ok(Some(Entry { name: name.to_owned(), value, line }))
    }

    fn bare(&mut self) -> String {
        let line = self.take_line();
        let comment = line.char_indices().find(|&(at, c)| {
            c == '#' && line.get(..at).is_none_or(|before| before.is_empty() || before.ends_with([' ', '\t']))
        });
        let value = comment.and_then(|(at, _)| line.get(..at)).unwrap_or(line);
        value.trim().to_owned()
    }

    fn single_quoted(&mut self, line: usize) -> Result<String, ConfigError> {
        self.take(1);
        let Some(end) = self.rest.find('\'') else {
            return self.fail(line, "the `'` that opens here is not closed");
        };
        let value = self.take(end).to_owned();
        self.take(1);
        self.end_of_line().map(|()| value)
    }

    fn double_quoted(&mut self, line: usize) -> Result<String, ConfigError> {
        self.take(1);
        let mut value = String::new();
        loop {
            let Some(end) = self.rest.find(['"', '\\']) else {
                return self.fail(line, "the `\"` that opens here is not closed");
            };
            value.push_str(self.take(end));
            if self.take(1) == "\"" {
                return self.end_of_line().map(|()| value);
            }
            let Some(escaped) = self.rest.chars().next() else { continue };
            self.take(escaped.len_utf8());
            match escaped {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                '\\' | '"' | '$' => value.push(escaped),
                // Kept whole: a Windows path in double quotes is no mistake.
                other => value.extend(['\\', other]),
            }
        }
    }

    fn end_of_line(&mut self) -> Result<(), ConfigError> {
        let line = self.line;
        let rest = self.take_line().trim();
        if rest.is_empty() || rest.starts_with('#') {
            Ok(())
        } else {
            self.fail(line, "only a comment may follow the closing quote")
        }
    }
}

fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Vec<(String, String, usize)> {
        let dotenv = DotEnv::parse(text, ".env".to_owned()).unwrap();
        dotenv.entries.into_iter().map(|entry| (entry.name, entry.value, entry.line)).collect()
    }

    fn failure(text: &str) -> String {
        DotEnv::parse(text, ".env".to_owned()).unwrap_err().to_string()
    }

    #[test]
    fn reads_the_usual_forms() {
        let text = "\u{feff}# first\r\n\r\nA=1\r\n  export B = two words  # comment\nC=a#b\nD=\nE=#x\nexport\tF=x=y\nexportG=1\nH=last";
        let expected = [
            ("A", "1", 3),
            ("B", "two words", 4),
            ("C", "a#b", 5),
            ("D", "", 6),
            ("E", "", 7),
            ("F", "x=y", 8),
            ("exportG", "1", 9),
            ("H", "last", 10),
        ];
        assert_eq!(parse(text), expected.map(|(n, v, l)| (n.to_owned(), v.to_owned(), l)));
    }

    #[test]
    fn quotes_keep_and_escape() {
        let text = concat!(
            r#"A='$x # \n "q"' # comment"#,
            "\n",
            r#"B="a\tb\\c\"d\$e\q""#,
            "\n",
            "C=\"-----BEGIN\nline\n-----END\"\nD=1\n"
        );
        let entries = parse(text);
        assert_eq!(entries[0].1, r#"$x # \n "q""#);
        assert_eq!(entries[1].1, "a\tb\\c\"d$e\\q");
        assert_eq!(entries[2].1, "-----BEGIN\nline\n-----END");
        assert_eq!(entries[3], ("D".to_owned(), "1".to_owned(), 6));
    }

    #[test]
    fn errors_name_the_line_and_not_the_value() {
        for (text, line) in [
            ("A=1\nhunter2\n", "line 2"),
            ("A=1\n\nB='hunter2\nC=3", "line 3"),
            ("A=\"hunter2", "line 1"),
            ("A=\"hunter2\\", "line 1"),
            ("A='x' hunter2", "line 1"),
            ("1A=hunter2", "line 1"),
            ("=hunter2", "line 1"),
            ("A B=hunter2", "line 1"),
            ("Ä=hunter2", "line 1"),
        ] {
            let error = failure(text);
            assert!(error.contains(".env") && error.contains(line), "{text:?}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn the_last_of_two_counts() {
        let dotenv = DotEnv::parse("A=1\nA=2\n", ".env".to_owned()).unwrap();
        let found = dotenv.find("A").unwrap().unwrap();
        assert_eq!((found.text.as_str(), found.place.as_str()), ("2", "A in .env, line 2,"));
        assert!(dotenv.find("B").unwrap().is_none());
        assert!(!format!("{dotenv:?}").contains('"') || !format!("{dotenv:?}").contains(": \"2\""));
    }
}
