//! Which scripts a pipeline has sent whole, so that it can name them by their hash from then on.

use carnelian_command::group::Script;

/// Since Redis 7.4 a server forgets scripts that came by EVAL when there are more than 500 of them. So a pipeline with very
/// many scripts relies on the server's memory for the first ones only, and sends the others whole each time.
const MOST: usize = 64;

/// The scripts whose source a pipeline has sent.
#[derive(Debug, Default)]
pub(crate) struct Sent(Vec<Script>);

impl Sent {
    /// Whether its source was sent before; from now on it was.
    pub(crate) fn is_known(&mut self, script: &Script) -> bool {
        if self.0.iter().any(|sent| sent.sha1() == script.sha1()) {
            return true;
        }
        if self.0.len() < MOST {
            self.0.push(script.clone());
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Pipeline;

    #[test]
    fn a_pipeline_sends_a_source_once() {
        let (one, other) = (Script::new("return 1"), Script::read_only("return 2"));
        let pipeline = Pipeline::new();
        for script in [&one, &other, &one, &other, &one] {
            let _ = pipeline.script::<i64>(script.call());
        }
        let batch = pipeline.finish().batch;
        let names: Vec<String> = (0..batch.len()).map(|number| batch.name(number).to_string()).collect();
        assert_eq!(names, ["EVAL", "EVAL_RO", "EVALSHA", "EVALSHA_RO", "EVALSHA"]);
    }

    #[test]
    fn so_many_scripts_are_remembered_and_no_more() {
        let mut sent = Sent::default();
        let scripts: Vec<_> = (0..MOST + 10).map(|number| Script::new(format!("return {number}"))).collect();
        assert!(!scripts.iter().any(|script| sent.is_known(script)));
        assert_eq!(scripts.iter().filter(|script| sent.is_known(script)).count(), MOST);
    }
}
