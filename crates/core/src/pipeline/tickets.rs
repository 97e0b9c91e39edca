//! What a closure over a pipeline may return: tickets, and anything made of them.

use carnelian_command::FromReply;

use super::{Replies, Ticket};
use crate::error::Result;

/// Tickets whose replies are wanted: one, a tuple, an array or a `Vec` of them, in any nesting.
#[diagnostic::on_unimplemented(
    message = "`{Self}` holds no replies of this pipeline",
    note = "return what the commands gave: one ticket, or a tuple, an array or a `Vec` of them"
)]
pub trait Tickets: Sized {
    /// The replies, when all went well.
    type Output;
    /// The replies, each with its own error.
    type Results;

    /// Takes the replies.
    ///
    /// # Errors
    ///
    /// One of the replies is not of its type.
    fn replies(self, replies: &Replies) -> Result<Self::Output>;

    /// Takes the replies, each with its own error.
    fn results(self, replies: &Replies) -> Self::Results;
}

impl<R: FromReply> Tickets for Ticket<R> {
    type Output = R;
    type Results = Result<R>;

    #[inline]
    fn replies(self, replies: &Replies) -> Result<R> {
        replies.take(self)
    }

    #[inline]
    fn results(self, replies: &Replies) -> Result<R> {
        replies.take(self)
    }
}

impl<T: Tickets> Tickets for Vec<T> {
    type Output = Vec<T::Output>;
    type Results = Vec<T::Results>;

    fn replies(self, replies: &Replies) -> Result<Self::Output> {
        self.into_iter().map(|tickets| tickets.replies(replies)).collect()
    }

    fn results(self, replies: &Replies) -> Self::Results {
        self.into_iter().map(|tickets| tickets.results(replies)).collect()
    }
}

impl<T: Tickets> Tickets for Option<T> {
    type Output = Option<T::Output>;
    type Results = Option<T::Results>;

    fn replies(self, replies: &Replies) -> Result<Self::Output> {
        self.map(|tickets| tickets.replies(replies)).transpose()
    }

    fn results(self, replies: &Replies) -> Self::Results {
        self.map(|tickets| tickets.results(replies))
    }
}

impl<T: Tickets, const N: usize> Tickets for [T; N] {
    type Output = [T::Output; N];
    type Results = [T::Results; N];

    fn replies(self, replies: &Replies) -> Result<Self::Output> {
        let mut first_error = None;
        let all = self.map(|tickets| match tickets.replies(replies) {
            Ok(output) => Some(output),
            Err(error) => {
                first_error.get_or_insert(error);
                None
            }
        });
        match first_error {
            Some(error) => Err(error),
            None => Ok(all.map(|output| match output {
                Some(output) => output,
                None => unreachable!("an element without an output has left an error"),
            })),
        }
    }

    fn results(self, replies: &Replies) -> Self::Results {
        self.map(|tickets| tickets.results(replies))
    }
}

impl Tickets for () {
    type Output = ();
    type Results = ();

    fn replies(self, _: &Replies) -> Result<()> {
        Ok(())
    }

    fn results(self, _: &Replies) {}
}

// The standard library does the same for its traits: there is no other way to speak of tuples of all lengths.
macro_rules! tuples {
    ($($name:ident)+) => {
        impl<$($name: Tickets),+> Tickets for ($($name,)+) {
            type Output = ($($name::Output,)+);
            type Results = ($($name::Results,)+);

            #[expect(non_snake_case, reason = "the names of the types serve for the values too")]
            fn replies(self, replies: &Replies) -> Result<Self::Output> {
                let ($($name,)+) = self;
                Ok(($($name.replies(replies)?,)+))
            }

            #[expect(non_snake_case, reason = "the names of the types serve for the values too")]
            fn results(self, replies: &Replies) -> Self::Results {
                let ($($name,)+) = self;
                ($($name.results(replies),)+)
            }
        }
    };
}

tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);
tuples!(A B C D E F G);
tuples!(A B C D E F G H);
tuples!(A B C D E F G H I);
tuples!(A B C D E F G H I J);
tuples!(A B C D E F G H I J K);
tuples!(A B C D E F G H I J K L);
