//! Owns [`Stated`]: what a URL said, kept so that it can be said again after every later change. That is the whole mechanism by
//! which a URL wins over the builder.

use super::option::OptionSpec;
use super::secret::Secret;
use super::settings::Settings;
use super::target::Target;

/// What a URL stated.
#[derive(Clone, Default)]
pub(crate) struct Stated {
    /// A target that is not host and port; those are options of their own.
    pub(crate) target: Option<Target>,
    /// The scheme asked for TLS.
    pub(crate) tls: bool,
    /// The options, as text that their rows have accepted once. Secret, because one of them may be.
    pub(crate) options: Vec<(&'static OptionSpec, Secret)>,
}

impl Stated {
    /// Lets go of an option that a stronger source has set since.
    pub(crate) fn forget(&mut self, option: &OptionSpec) {
        let rivals: &[&str] = match option.name() {
            // Each of these replaces a target of another kind.
            "host" => &["host", "path"],
            "port" => &["port", "path"],
            "path" => &["host", "port", "path"],
            "ssl" => {
                self.tls = false;
                &["ssl"]
            }
            _ => &[],
        };
        if rivals.contains(&"path") {
            self.target = None;
        }
        self.options.retain(|(stated, _)| stated.name() != option.name() && !rivals.contains(&stated.name()));
    }

    /// Writes it all over the settings (again).
    pub(crate) fn reassert(&self, settings: &mut Settings) {
        if let Some(target) = &self.target {
            settings.target = target.clone();
        }
        settings.tls_on |= self.tls;
        for (option, text) in &self.options {
            // It was accepted when the URL was read, and a row's answer depends on nothing but the text.
            let accepted = (option.set)(settings, text.expose());
            debug_assert!(accepted.is_ok(), "{} was accepted before", option.name);
        }
    }
}
