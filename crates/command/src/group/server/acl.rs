//! Users and what they may do.

use crate::{Command, DataExecutor, ToArg, ToArgs, spec};

/// Commands about users and what they may do.
///
/// Rules are written as the servers write them: `on`, `>password`, `~keys:*`, `&channels:*`, `+get`, `+@read`,
/// `-@dangerous`.
///
/// ```
/// use carnelian_command::{Build, group::AclCommands as _};
///
/// let command = Build.acl_setuser("guest", ["on", "nopass", "~public:*", "+@read"]);
/// assert_eq!(command.request().name(), "ACL SETUSER");
/// ```
pub trait AclCommands: DataExecutor {
    /// The categories of commands, without the `@` of rules.
    ///
    /// Since Redis 6.0, Valkey 7.2. O(1).
    #[doc(alias = "ACL CAT")]
    fn acl_cat(self) -> Self::Out<Vec<String>> {
        self.run(Command::new(&spec::ACL_CAT))
    }

    /// The commands of a category.
    ///
    /// Since Redis 6.0, Valkey 7.2. O(1).
    #[doc(alias = "ACL CAT")]
    fn acl_cat_commands(self, category: impl ToArg) -> Self::Out<Vec<String>> {
        self.run(Command::new(&spec::ACL_CAT).arg(category))
    }

    /// Deletes users and closes their connections; how many there were.
    ///
    /// Since Redis 6.0, Valkey 7.2. O(1) for each connection to close.
    #[doc(alias = "ACL DELUSER")]
    fn acl_deluser(self, usernames: impl ToArgs) -> Self::Out<u64> {
        self.run(Command::new(&spec::ACL_DELUSER).args(usernames))
    }

    /// A random password of 256 bits, as 64 hexadecimal digits. It is not kept anywhere.
    ///
    /// Since Redis 6.0, Valkey 7.2. O(1).
    #[doc(alias = "ACL GENPASS")]
    fn acl_genpass(self) -> Self::Out<String> {
        self.run(Command::new(&spec::ACL_GENPASS))
    }

    /// A random password of so many bits, as a quarter as many hexadecimal digits.
    ///
    /// Since Redis 6.0, Valkey 7.2. O(1).
    #[doc(alias = "ACL GENPASS")]
    fn acl_genpass_bits(self, bits: u32) -> Self::Out<String> {
        self.run(Command::new(&spec::ACL_GENPASS).arg(bits))
    }

    /// All users with their rules, one line for each as in a configuration file. It shows hashes of their passwords.
    ///
    /// Since Redis 6.0, Valkey 7.2. O(N) for N users.
    #[doc(alias = "ACL LIST")]
    fn acl_list(self) -> Self::Out<Vec<String>> {
        self.run(Command::new(&spec::ACL_LIST))
    }

    /// Adds rules to a user, creating it if there is none. Without rules it is only created, and may do nothing.
    ///
    /// Since Redis 6.0, Valkey 7.2. O(N) for N rules.
    #[doc(alias = "ACL SETUSER")]
    fn acl_setuser(self, username: impl ToArg, rules: impl ToArgs) -> Self::Out<()> {
        self.run(Command::new(&spec::ACL_SETUSER).arg(username).args(rules))
    }

    /// The names of all users.
    ///
    /// Since Redis 6.0, Valkey 7.2. O(N) for N users.
    #[doc(alias = "ACL USERS")]
    fn acl_users(self) -> Self::Out<Vec<String>> {
        self.run(Command::new(&spec::ACL_USERS))
    }

    /// The user that the connection has logged in as.
    ///
    /// Since Redis 6.0, Valkey 7.2. O(1).
    #[doc(alias = "ACL WHOAMI")]
    fn acl_whoami(self) -> Self::Out<String> {
        self.run(Command::new(&spec::ACL_WHOAMI))
    }
}

impl<E: DataExecutor> AclCommands for E {}
