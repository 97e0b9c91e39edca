//! What the checks found, kept until all of them have run.

/// Failures and warnings.
#[derive(Debug, Default)]
pub(super) struct Report {
    failures: Vec<String>,
    warnings: Vec<String>,
}

impl Report {
    pub(super) fn fail(&mut self, message: String) {
        self.failures.push(message);
    }

    pub(super) fn warn(&mut self, message: String) {
        self.warnings.push(message);
    }

    /// How many failures and warnings there are.
    pub(super) const fn counts(&self) -> (usize, usize) {
        (self.failures.len(), self.warnings.len())
    }

    /// All messages, one a line, failures last, where the eye lands.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> + '_ {
        let warnings = self.warnings.iter().map(|message| format!("warning: {message}"));
        warnings.chain(self.failures.iter().map(|message| format!("error: {message}")))
    }
}
