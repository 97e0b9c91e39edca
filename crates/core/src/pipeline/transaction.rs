//! A transaction: MULTI, its commands and EXEC as one thing that runs wholly or not at all.

use std::sync::Arc;

use carnelian_command::{Request, spec};
use carnelian_resp::{Reader, Token};

use super::Finished;
use super::replies::{Replies, Run, is_error, line};
use crate::config::Retry;
use crate::connection::{Batch, Delivery, Gathered};
use crate::error::{Error, Result};
use crate::retry;

/// A transaction on its way.
#[derive(Debug)]
pub struct Transaction {
    finished: Finished,
    /// MULTI … EXEC.
    whole: Batch,
}

impl Transaction {
    /// The commands of a pipeline, to be run as one.
    ///
    /// # Errors
    ///
    /// One of the commands can't be run this way.
    pub fn new(mut finished: Finished) -> Result<Self> {
        if let Some(error) = finished.refused.take() {
            return Err(error);
        }
        let whole = finished.batch.enclosed(&Request::new(&spec::MULTI), &Request::new(&spec::EXEC));
        Ok(Self { finished, whole })
    }

    /// What is to be sent: one part.
    #[must_use]
    pub const fn batch(&self) -> &Batch {
        &self.whole
    }

    /// True without commands: there is nothing to send.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.finished.batch.is_empty()
    }

    /// True when the server's state refused it before it ran, so that another try may go well.
    #[must_use]
    pub fn is_refused(&self, gathered: &Gathered, policy: &Retry) -> bool {
        let first =
            (0..gathered.len()).filter_map(|number| gathered.reply(number)).find(|frame| is_error(frame));
        first.is_some_and(|frame| retry::is_refusal(frame, policy))
    }

    /// What came of it. `None`: a watched key had changed, so nothing was run.
    ///
    /// # Errors
    ///
    /// The server took one of the commands not even into the queue, so that nothing was run; or it refused the whole.
    pub fn settle(
        self,
        mut gathered: Box<Gathered>,
        address: &Arc<str>,
        explain: impl FnOnce(Delivery) -> Error,
    ) -> Result<Option<Replies>> {
        if let Some(failure) = gathered.take_first_failure() {
            return Err(explain(failure).of_command(&spec::EXEC));
        }
        self.check_queueing(&gathered).map_err(|error| error.at(address))?;
        let Some(results) = self.results(&gathered).map_err(|error| error.at(address))? else {
            return Ok(None);
        };
        let Finished { pipeline, batch, .. } = self.finished;
        let run = Run { first: 0, gathered: Box::new(results) };
        Ok(Some(Replies::new((pipeline, batch), vec![run], Vec::new(), Arc::clone(address))))
    }

    /// No commands, so no replies either.
    #[must_use]
    pub fn nothing(self, address: &Arc<str>) -> Replies {
        let Finished { pipeline, batch, .. } = self.finished;
        Replies::new((pipeline, batch), Vec::new(), Vec::new(), Arc::clone(address))
    }

    /// A command that the server did not queue spoils the whole: nothing is run.
    fn check_queueing(&self, gathered: &Gathered) -> Result<()> {
        match gathered.first_error() {
            // Without MULTI, as when the user's rights lack it, the server has run the commands one by one.
            Some(0) => {
                let error = Error::server(&spec::MULTI, line(gathered.reply(0).unwrap_or_default()));
                let mut replies = (1..=self.finished.batch.len()).filter_map(|number| gathered.reply(number));
                Err(error.possibly_run(replies.any(|frame| !is_error(frame))))
            }
            Some(number) if number <= self.finished.batch.len() => {
                let frame = gathered.reply(number).unwrap_or_default();
                let part = self.finished.batch.parts().get(number - 1);
                let facts = part.map_or(&spec::UNKNOWN, |part| part.facts);
                Err(Error::not_queued(facts, line(frame), number, self.finished.batch.len()))
            }
            _ => Ok(()),
        }
    }

    /// The replies inside of EXEC's.
    fn results(&self, gathered: &Gathered) -> Result<Option<Gathered>> {
        let frame = gathered.reply(self.finished.batch.len() + 1).unwrap_or_default();
        let decode = |error: carnelian_resp::ProtocolError| Error::decode(&spec::EXEC, error.into());
        let mut reader = Reader::new(frame);
        match reader.token().map_err(decode)? {
            Token::Error(text) => Err(Error::server(&spec::EXEC, carnelian_command::ServerError::new(text))),
            Token::Null => Ok(None),
            Token::Array(count) => {
                let mut results = Gathered::of(0);
                for _ in 0..count {
                    results.push(reader.element().map_err(decode)?.rest());
                }
                Ok(Some(results))
            }
            _ => Err(decode(carnelian_resp::ProtocolError::Truncated)),
        }
    }
}
