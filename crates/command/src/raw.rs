//! Commands by hand, for what has no typed method: modules of one's own, options of tomorrow.

use crate::spec;
use crate::{DataExecutor, FromReply, Request, ToArg, ToArgs};

/// Commands by name.
pub trait RawCommands: DataExecutor {
    /// Starts a command by hand. Words of one name may be given together (`"CLIENT KILL"`).
    ///
    /// What is known about the command is looked up: whether it may be retried, whether it waits, where its keys are.
    /// An unknown name is taken as a write that is never retried by itself.
    ///
    /// ```
    /// use carnelian_command::{Build, RawCommands as _};
    ///
    /// let command = Build.command("SET").key("answer").arg(42).run::<()>();
    /// assert_eq!(command.request().name(), "SET");
    /// ```
    fn command(self, name: &str) -> Raw<Self> {
        let mut words = name.split_ascii_whitespace();
        let (first, second) = (words.next().unwrap_or_default(), words.next());
        let found = spec::find(first.as_bytes(), second.map(str::as_bytes));
        let request = match found {
            // `find` may match the first word alone: then the second is an argument.
            Some(facts) => {
                let mut request = Request::new(facts);
                for word in name.split_ascii_whitespace().skip(usize::from(facts.words)) {
                    request.push(word);
                }
                request
            }
            None => {
                let words: Vec<_> = name.split_ascii_whitespace().map(str::as_bytes).collect();
                Request::unknown(&words)
            }
        };
        Raw { executor: self, request }
    }
}

impl<E: DataExecutor> RawCommands for E {}

/// A command being put together by hand.
#[derive(Debug)]
#[must_use = "a command does nothing until it is run"]
pub struct Raw<E> {
    executor: E,
    request: Request,
}

impl<E: DataExecutor> Raw<E> {
    /// Adds an argument.
    pub fn arg(mut self, argument: impl ToArg) -> Self {
        self.request.push(argument);
        self.complete_name();
        self
    }

    /// Adds any number of arguments.
    pub fn args(mut self, arguments: impl ToArgs) -> Self {
        self.request = self.request.typed::<()>().args(arguments).into_request();
        self.complete_name();
        self
    }

    /// Adds an argument that is a key, which a cluster routes by.
    pub fn key(mut self, key: impl ToArg) -> Self {
        self.request.push_key(key);
        self
    }

    /// Runs the command; the reply becomes an `R` (a [`Value`](crate::Value) takes any).
    pub fn run<R: FromReply>(self) -> E::Out<R> {
        self.executor.run(self.request.typed())
    }

    /// `command("CLIENT").arg("KILL")` means CLIENT KILL: looks the facts up again once the second word is there.
    fn complete_name(&mut self) {
        if self.request.len() < 2 || self.request.facts().words > 1 {
            return;
        }
        let mut words = self.request.arguments();
        let (first, second) = (words.next().unwrap_or_default(), words.next());
        let found = spec::find(first, second);
        drop(words);
        if let Some(facts) = found.filter(|facts| facts.words == 2) {
            self.request.set_facts(facts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Build;

    #[test]
    fn facts_are_found_however_the_name_is_given() {
        assert_eq!(Build.command("client kill").arg("ID").run::<()>().request().facts().name, "CLIENT KILL");
        assert_eq!(Build.command("CLIENT").arg("KILL").run::<()>().request().facts().name, "CLIENT KILL");
        assert_eq!(Build.command("get").key("k").run::<()>().request().facts().name, "GET");
        assert_eq!(Build.command("my.own").arg(1).run::<()>().request().name(), "MY.OWN");
    }

    #[test]
    fn all_words_are_sent() {
        let command = Build.command("config get").arg("port").run::<()>();
        let arguments: Vec<_> = command.request().arguments().collect();
        assert_eq!(arguments, [&b"CONFIG"[..], b"GET", b"port"]);
        let command = Build.command("my.own thing x").run::<()>();
        assert_eq!(command.request().len(), 3);
    }
}
