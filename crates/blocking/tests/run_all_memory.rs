//! A million commands in bounded memory, and large replies few at a time. A test program of its own, whose memory is that of
//! this alone.

use carnelian_blocking::Client;
use carnelian_command::Build;
use carnelian_command::group::StringCommands as _;
use carnelian_testkit::{Server, servers};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// How much memory this process has, in KiB.
fn resident() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

// One test, for another at its side would use memory of its own.
#[test]
fn a_million_commands_need_the_memory_of_some_hundred() -> Outcome {
    a_million_small_ones()?;
    large_replies_come_few_at_a_time()
}

fn a_million_small_ones() -> Outcome {
    const COMMANDS: u64 = 1_000_000;
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url())?;
    let (mut seen, mut at_first, mut most) = (0, 0, 0);
    let results = client.run_all((0..COMMANDS).map(|_| Build.incr("n")));
    for result in results {
        seen += 1;
        assert_eq!(u64::try_from(result?)?, seen, "in order, none twice, none left out");
        if seen == COMMANDS / 20 {
            at_first = resident()?;
        } else if seen % (COMMANDS / 20) == 0 {
            most = most.max(resident()?);
        }
    }
    assert_eq!(seen, COMMANDS);
    assert!(most <= at_first + 2_048, "it grew from {at_first} to {most} KiB");
    Ok(())
}

fn large_replies_come_few_at_a_time() -> Outcome {
    const SIZE: usize = 1 << 20;
    let server = Server::start(&servers::newest_redis());
    let client = Client::connect(server.url())?;
    client.set("large", vec![b'x'; SIZE])?;
    let results = client.run_all((0..400).map(|_| Build.get::<Vec<u8>>("large")));
    let (mut seen, mut at_first) = (0, 0);
    for result in results {
        assert_eq!(result?.len(), SIZE);
        seen += 1;
        if seen == 200 {
            at_first = resident()?;
        }
    }
    let last = resident()?;
    assert_eq!(seen, 400);
    assert!(last <= at_first + 16 * 1_024, "it grew from {at_first} to {last} KiB");
    Ok(())
}
