//! Where keys stand among the arguments and what a command does with them: the servers' key specs as a type.
//!
//! Only the description. [`super::key_positions`] applies it to real arguments.

/// One run of keys within a command's arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeySpec {
    /// Where the keys stand.
    pub place: Place,
    /// What the command does with them.
    pub access: Access,
    /// The access depends on the arguments; [`access`](Self::access) is the most it can be.
    pub varies: bool,
    /// The description finds most calls' keys, but an odd call (an option's value that reads like the keyword) could
    /// mislead it.
    pub incomplete: bool,
}

/// Where keys stand. Positions count from the name of the command, which is 0; a subcommand is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// From one position to another.
    Range {
        /// The first key.
        first: u8,
        /// The last key, counted from the end if negative: -1 is the last argument.
        last: i8,
        /// The distance between two keys.
        step: u8,
        /// Only the first 1/limit of the range; 1 is all of it.
        limit: u8,
    },
    /// As many as an argument says.
    Keynum {
        /// The argument that says how many keys there are.
        at: u8,
        /// The distance from there to the first key.
        first_offset: u8,
        /// The distance between two keys.
        step: u8,
    },
    /// After a keyword.
    Keyword {
        /// The keyword, in upper case; calls may write it in any case.
        word: &'static str,
        /// Where the search begins; if negative, counted from the end, and it goes backwards.
        from: i8,
        /// The last key: counted from the end if negative, else from the first key.
        last: i8,
        /// The distance between two keys.
        step: u8,
        /// Only the first 1/limit of the range; 1 is all of it.
        limit: u8,
    },
    /// No description can find them. `SORT` and `SORT_RO` alone have such places.
    Unknown,
}

/// What a command does with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// Reads it.
    ReadOnly,
    /// Reads and changes it, or changes a part of it.
    ReadWrite,
    /// Replaces it without looking at what was there.
    Overwrite,
    /// Removes it without looking at what was there.
    Remove,
    /// No key, though its slot decides the route: a shard channel, or a cluster cursor.
    NotAKey,
}

impl KeySpec {
    const fn at(place: Place, access: Access) -> Self {
        Self { place, access, varies: false, incomplete: false }
    }

    pub(in crate::spec) const fn range(first: u8, last: i8, step: u8, access: Access) -> Self {
        Self::at(Place::Range { first, last, step, limit: 1 }, access)
    }

    pub(in crate::spec) const fn keynum(at: u8, first_offset: u8, step: u8, access: Access) -> Self {
        Self::at(Place::Keynum { at, first_offset, step }, access)
    }

    pub(in crate::spec) const fn keyword(
        word: &'static str,
        from: i8,
        last: i8,
        step: u8,
        access: Access,
    ) -> Self {
        Self::at(Place::Keyword { word, from, last, step, limit: 1 }, access)
    }

    pub(in crate::spec) const fn unknown(access: Access) -> Self {
        Self::at(Place::Unknown, access)
    }

    /// Keeps only the first 1/`part` of the range.
    pub(in crate::spec) const fn first_part(mut self, part: u8) -> Self {
        match &mut self.place {
            Place::Range { limit, .. } | Place::Keyword { limit, .. } => *limit = part,
            Place::Keynum { .. } | Place::Unknown => {}
        }
        self
    }

    pub(in crate::spec) const fn varies(mut self) -> Self {
        self.varies = true;
        self
    }

    pub(in crate::spec) const fn incomplete(mut self) -> Self {
        self.incomplete = true;
        self
    }
}
