//! `facts/commands.tsv` as rows. Its notation is described at its head.

use std::collections::BTreeMap;

use crate::{Failure, tree};

/// One row: a command, a container of subcommands, or something that nobody calls.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) group: String,
    pub(crate) since_redis: String,
    pub(crate) since_valkey: String,
    pub(crate) arity: String,
    pub(crate) flags: String,
    pub(crate) keys: String,
    pub(crate) request_policy: String,
    pub(crate) response_policy: String,
    pub(crate) other_tips: String,
    pub(crate) deprecated: String,
    pub(crate) module: String,
    pub(crate) diff: String,
}

impl Row {
    /// A command that clients call: the only kind with facts and a typed method.
    pub(crate) fn is_command(&self) -> bool {
        self.kind == "cmd"
    }

    /// The name of its static: `CLIENT_KILL`, `JSON_GET`.
    pub(crate) fn identifier(&self) -> String {
        self.name.replace([' ', '.', '-'], "_")
    }
}

/// All rows of the table, in its order.
pub(crate) fn rows() -> Result<Vec<Row>, Failure> {
    parse(&tree::read(&tree::root().join("facts/commands.tsv"))?)
}

fn parse(text: &str) -> Result<Vec<Row>, Failure> {
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let header: Vec<&str> = lines.next().ok_or("the table has no header")?.split('\t').collect();
    lines.map(|line| row(&header, line)).collect()
}

fn row(header: &[&str], line: &str) -> Result<Row, Failure> {
    let fields: Vec<&str> = line.split('\t').collect();
    if fields.len() != header.len() {
        return Err(format!("{} columns instead of {}: {line}", fields.len(), header.len()).into());
    }
    let mut columns: BTreeMap<&str, &str> = header.iter().copied().zip(fields).collect();
    let mut column = |name: &str| -> Result<String, Failure> {
        let value = columns.remove(name).ok_or_else(|| format!("the table has no column {name}"))?;
        Ok(value.to_owned())
    };
    Ok(Row {
        name: column("name")?,
        kind: column("kind")?,
        group: column("group")?,
        since_redis: column("since_redis")?,
        since_valkey: column("since_valkey")?,
        arity: column("arity")?,
        flags: column("flags")?,
        keys: column("keys")?,
        request_policy: column("request_policy")?,
        response_policy: column("response_policy")?,
        other_tips: column("other_tips")?,
        deprecated: column("deprecated")?,
        module: column("module")?,
        diff: column("diff")?,
    })
}

#[cfg(test)]
mod tests {
    use super::{parse, rows};

    #[test]
    fn the_table_is_read() {
        let rows = rows().unwrap();
        assert_eq!(rows.iter().filter(|row| row.is_command()).count(), 567);
        let kill = rows.iter().find(|row| row.name == "CLIENT KILL").unwrap();
        assert_eq!((kill.identifier().as_str(), kill.arity.as_str()), ("CLIENT_KILL", "-3"));
    }

    #[test]
    fn a_torn_row_is_refused() {
        assert!(parse("# c\nname\tkind\nGET\n").is_err());
    }
}
