//! Messages to channels, and who listens.

use carnelian_command::Build;
use carnelian_command::group::PubSubCommands as _;

use super::case::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(Build.publish("c", "m"), "PUBLISH c m"),
        case(Build.pubsub_channels::<Vec<String>>(), "PUBSUB CHANNELS"),
        case(Build.pubsub_channels_matching::<Vec<String>>("n*"), "PUBSUB CHANNELS n*"),
        case(Build.pubsub_numpat(), "PUBSUB NUMPAT"),
        case(Build.pubsub_numsub("c"), "PUBSUB NUMSUB c"),
        case(Build.pubsub_numsub(["c", "d"]), "PUBSUB NUMSUB c d"),
        case(Build.pubsub_shardchannels::<Vec<String>>(), "PUBSUB SHARDCHANNELS"),
        case(Build.pubsub_shardchannels_matching::<Vec<String>>("n*"), "PUBSUB SHARDCHANNELS n*"),
        case(Build.pubsub_shardnumsub(["c", "d"]), "PUBSUB SHARDNUMSUB c d"),
        case(Build.spublish("c", 5), "SPUBLISH c 5"),
    ]
}
