//! The subscribers' side of a [`Link`]: what they want to listen to, and what came for them.

use std::task::{Poll, Waker};

use bytes::Bytes;
use carnelian_command::{ServerError, spec};
use carnelian_resp::{Reader, Token};

use super::{Link, Phase};
use crate::connection::dispatch::Unexpected;
use crate::connection::inbox::Inbox;
use crate::error::{Error, Result};
use crate::subscription::{self, Change, Kind, Mail, Push, Refusal, SubscribeOptions};

impl Link {
    /// Keeps this link for subscribers: no commands of callers come over it.
    pub const fn for_subscribers(&mut self) {
        self.arrays = true;
    }

    /// The present connection speaks RESP3; else RESP2, or there is none.
    #[must_use]
    pub const fn speaks_resp3(&self) -> bool {
        self.resp3
    }

    /// A new subscriber, who listens to nothing yet.
    pub fn open_subscriber(&mut self, options: SubscribeOptions) -> u32 {
        self.subscriptions.get_or_insert_default().open(options)
    }

    /// How many subscribers there are.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        self.subscriptions.as_ref().map_or(0, |subscriptions| subscriptions.count())
    }

    /// Has a subscriber listen to these, and puts those of them that it did not listen to before into `added`. True: the
    /// driver is to be woken.
    pub fn listen(&mut self, id: u32, kind: Kind, names: &[Bytes], added: &mut Vec<Bytes>) -> bool {
        let Some(subscriptions) = &mut self.subscriptions else { return false };
        let (change, new) = subscriptions.listen(id, kind, names);
        *added = new;
        self.say(change)
    }

    /// Has a subscriber no longer listen to these. True: the driver is to be woken.
    pub fn leave(&mut self, id: u32, kind: Kind, names: &[Bytes]) -> bool {
        let Some(subscriptions) = &mut self.subscriptions else { return false };
        let change = subscriptions.leave(id, kind, names, self.heard);
        self.say(change)
    }

    /// Ends a subscriber. True: the driver is to be woken.
    pub fn close_subscriber(&mut self, id: u32) -> bool {
        let changes =
            self.subscriptions.as_mut().map_or_else(Vec::new, |subscriptions| subscriptions.close(id));
        let stalled = self.is_stalled();
        changes.into_iter().fold(!stalled, |wake, change| self.say(Some(change)) || wake)
    }

    /// Waits until all that a subscriber wants is granted.
    pub fn granted(&mut self, id: u32, waker: Option<&Waker>) -> Poll<Result<()>> {
        let Some(subscriptions) = &mut self.subscriptions else { return Poll::Ready(Err(Error::closed())) };
        subscriptions.granted(id, waker).map_err(|refusal| match refusal {
            Refusal::Server(error) => Error::server(&spec::SUBSCRIBE, error),
            Refusal::Closed => Error::closed(),
        })
    }

    /// Takes what there is to read for a subscriber. `None` in it: it is gone. With it comes whether the driver is to be
    /// woken, which had stopped reading.
    pub fn mail(&mut self, id: u32, waker: Option<&Waker>) -> (Poll<Option<Mail>>, bool) {
        let stalled = self.is_stalled();
        let Some(subscriptions) = &mut self.subscriptions else { return (Poll::Ready(None), false) };
        let mail = subscriptions.mail(id, waker);
        (mail, stalled && !self.is_stalled())
    }

    /// What a subscriber listens to.
    #[must_use]
    pub fn listened(&self, id: u32) -> Vec<(Kind, Bytes)> {
        self.subscriptions.as_ref().map_or_else(Vec::new, |subscriptions| subscriptions.listened(id))
    }

    /// A subscriber has to read before anything else is taken from the connection.
    #[inline]
    #[must_use]
    pub fn is_stalled(&self) -> bool {
        self.subscriptions.as_ref().is_some_and(|subscriptions| subscriptions.is_stalled())
    }

    /// Sends what changes for the server. True: there is something to write.
    fn say(&mut self, change: Option<Change>) -> bool {
        let (Some(change), Some(subscriptions)) = (change, &mut self.subscriptions) else { return false };
        if !matches!(self.phase, Phase::Ready | Phase::Closing) {
            subscriptions.not_said(&change);
            return false;
        }
        self.send_change(&change);
        true
    }

    fn send_change(&mut self, change: &Change) {
        change.request.write(self.inflight.outbox.open());
        self.inflight.push_change(change.names);
    }

    /// Asks a new connection for everything that is wanted.
    pub(super) fn listen_again(&mut self, wakers: &mut Vec<Waker>) {
        let Some(subscriptions) = &mut self.subscriptions else { return };
        if !self.resp3 && !self.arrays {
            // The server that answers now is another, older one: here it would turn replies into messages.
            subscriptions.close_all(wakers);
            return;
        }
        for change in subscriptions.ask_for_all() {
            self.send_change(&change);
        }
    }

    /// Hands on the message that the inbox begins with, if it is one that is known at first sight.
    #[inline]
    pub(super) fn message(&mut self, inbox: &mut Inbox, wakers: &mut Vec<Waker>) -> bool {
        let Some(subscriptions) = &mut self.subscriptions else { return false };
        let Some((Push::Message { kind, topic, channel, payload }, size)) =
            subscription::message(inbox.unseen(), self.arrays)
        else {
            return false;
        };
        self.pushes += 1;
        subscriptions.route(kind, topic, (channel, payload), wakers);
        inbox.pass(size);
        true
    }

    /// A push has come.
    pub(super) fn pushed(&mut self, frame: &[u8], wakers: &mut Vec<Waker>) {
        self.pushes += 1;
        let Some(subscriptions) = &mut self.subscriptions else { return };
        match subscription::parse(frame) {
            Some(Push::Message { kind, topic, channel, payload }) => {
                subscriptions.route(kind, topic, (channel, payload), wakers);
            }
            Some(Push::Noted { listens, kind, name, count }) => {
                let heard = self.heard;
                if subscriptions.noted((listens, kind, name, count), heard, wakers) {
                    self.replies += u64::from(self.inflight.answer_by_push());
                } else if !listens {
                    let change = subscriptions.taken_away(kind, name, heard);
                    self.say(change);
                }
            }
            None => {}
        }
    }

    /// The server refuses what should have been answered by pushes.
    #[cold]
    pub(super) fn refused(
        &mut self,
        names: u32,
        frame: &[u8],
        wakers: &mut Vec<Waker>,
    ) -> Result<(), Unexpected> {
        let Ok(Token::Error(line)) = Reader::new(frame).token() else { return Err(Unexpected) };
        if let Some(subscriptions) = &mut self.subscriptions {
            subscriptions.refused(names, &ServerError::new(line), self.heard, wakers);
        }
        Ok(())
    }

    /// There will be no connection any more.
    pub(super) fn end_subscriptions(&mut self, wakers: &mut Vec<Waker>) {
        if let Some(subscriptions) = &mut self.subscriptions {
            subscriptions.close_all(wakers);
        }
    }
}
