//! Owns where a connection's user and password come from when they are not fixed: [`CredentialProvider`] and its two ready forms,
//! [`PerConnect`] (asked anew for each connection) and [`Rotating`] (set by the application at any time; live connections log in
//! again).
//!
//! Everything here is synchronous and does no I/O, so that one provider serves the async and the blocking client. A provider whose
//! tokens come over the network is an application's own task or thread that fetches them and calls [`Rotating::rotate`].

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::secret::Secret;

/// A user and a password, as `AUTH` wants them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials {
    /// The ACL user; `None` is the server's default user.
    pub username: Option<String>,
    /// The password or token.
    pub password: Secret,
}

impl Credentials {
    /// The server's default user with this password.
    pub fn password(password: impl Into<Secret>) -> Self {
        Self { username: None, password: password.into() }
    }

    /// An ACL user with this password.
    pub fn user(username: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self { username: Some(username.into()), password: password.into() }
    }
}

/// Supplies the user and password of every new connection, and may have live ones log in again.
pub trait CredentialProvider: Send + Sync + fmt::Debug {
    /// The credentials as of now. Called once for each connection being opened, on the thread or task that opens it: return
    /// quickly, don't wait for a network.
    ///
    /// # Errors
    ///
    /// There are none to be had. The connection isn't opened; it is tried again under the reconnect policy.
    fn credentials(&self) -> Result<Credentials, CredentialError>;

    /// Grows whenever the credentials change, so that a connection can tell whether it logged in with the present ones. A provider
    /// that never asks live connections to log in again leaves it at 0.
    fn version(&self) -> u64 {
        0
    }

    /// Takes a listener to tell of every change, after [`version`](Self::version) has grown. A provider that never changes drops it.
    fn listen(&self, listener: ChangeListener) {
        drop(listener);
    }
}

/// A driver's ear at a [`CredentialProvider`]. It goes dead by itself when the driver's end is gone.
#[derive(Clone)]
pub struct ChangeListener(Weak<dyn Fn() + Send + Sync>);

impl ChangeListener {
    /// An ear that calls `wake` for as long as somebody else keeps that `Arc`. `wake` must only signal: it runs on the
    /// application's thread.
    #[must_use]
    pub fn new(wake: &Arc<dyn Fn() + Send + Sync>) -> Self {
        Self(Arc::downgrade(wake))
    }

    /// Tells of a change; false when nobody listens any more, so that the provider can forget this listener.
    #[must_use]
    pub fn notify(&self) -> bool {
        match self.0.upgrade() {
            Some(wake) => {
                wake();
                true
            }
            None => false,
        }
    }

    /// Whether somebody still listens.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.0.strong_count() > 0
    }
}

impl fmt::Debug for ChangeListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangeListener").field("alive", &self.is_alive()).finish()
    }
}

/// Why a provider has no credentials. Its text is shown to the user and logged: keep secrets out of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no credentials: {0}")]
pub struct CredentialError(String);

impl CredentialError {
    /// An error with this reason.
    pub fn new(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }
}

/// Fixed credentials are a provider too.
impl CredentialProvider for Credentials {
    fn credentials(&self) -> Result<Credentials, CredentialError> {
        Ok(self.clone())
    }
}

/// A provider that is shared, of whatever kind.
impl<P: CredentialProvider + ?Sized> CredentialProvider for Arc<P> {
    fn credentials(&self) -> Result<Credentials, CredentialError> {
        (**self).credentials()
    }

    fn version(&self) -> u64 {
        (**self).version()
    }

    fn listen(&self, listener: ChangeListener) {
        (**self).listen(listener);
    }
}

/// A provider made of a function that is called for each new connection.
pub struct PerConnect<F>(F);

impl<F> PerConnect<F>
where
    F: Fn() -> Result<Credentials, CredentialError> + Send + Sync,
{
    /// Calls `fetch` for each new connection; it must return quickly.
    pub fn new(fetch: F) -> Self {
        Self(fetch)
    }
}

impl<F> CredentialProvider for PerConnect<F>
where
    F: Fn() -> Result<Credentials, CredentialError> + Send + Sync,
{
    fn credentials(&self) -> Result<Credentials, CredentialError> {
        (self.0)()
    }
}

impl<F> fmt::Debug for PerConnect<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PerConnect")
    }
}

/// Credentials that the application replaces whenever it likes; connections that are open then log in again (`AUTH`) without
/// being closed. A clone is another handle on the same cell: give one to the config, keep one.
#[derive(Clone, Default)]
pub struct Rotating(Arc<Cell>);

#[derive(Default)]
struct Cell {
    version: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    credentials: Option<Credentials>,
    listeners: Vec<ChangeListener>,
}

impl Rotating {
    /// A cell that holds these credentials.
    #[must_use]
    pub fn new(credentials: Credentials) -> Self {
        let rotating = Self::default();
        rotating.rotate(credentials);
        rotating
    }

    /// A cell that holds nothing yet: connecting fails, and is tried again, until the first [`rotate`](Self::rotate).
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Replaces the credentials and has all live connections log in with them.
    pub fn rotate(&self, credentials: Credentials) {
        let listeners = {
            let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.credentials = Some(credentials);
            // Grows under the lock, so that whoever sees the new version also gets the new credentials.
            self.0.version.fetch_add(1, Ordering::Release);
            state.listeners.clone()
        };
        // Called without the lock: a listener may well ask for the credentials at once.
        let mut all_alive = true;
        for listener in &listeners {
            all_alive &= listener.notify();
        }
        if !all_alive {
            let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.listeners.retain(ChangeListener::is_alive);
        }
    }
}

impl CredentialProvider for Rotating {
    fn credentials(&self) -> Result<Credentials, CredentialError> {
        let state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.credentials.clone().ok_or_else(|| CredentialError::new("none have been set by `rotate` yet"))
    }

    fn version(&self) -> u64 {
        self.0.version.load(Ordering::Acquire)
    }

    fn listen(&self, listener: ChangeListener) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.listeners.retain(ChangeListener::is_alive);
        state.listeners.push(listener);
    }
}

impl fmt::Debug for Rotating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rotating").field("version", &self.version()).finish_non_exhaustive()
    }
}

/// A provider as part of a config: two are equal when they are the same object.
#[derive(Clone, Debug)]
pub(crate) struct SharedProvider(pub(crate) Arc<dyn CredentialProvider>);

impl PartialEq for SharedProvider {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn counting_ear() -> (Arc<AtomicUsize>, Arc<dyn Fn() + Send + Sync>) {
        let count = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&count);
        let ear = move || {
            seen.fetch_add(1, Ordering::SeqCst);
        };
        (count, Arc::new(ear))
    }

    #[test]
    fn rotation_reaches_every_listener_with_the_new_credentials() {
        let handle = Rotating::new(Credentials::password("old"));
        let provider: Arc<dyn CredentialProvider> = Arc::new(handle.clone());
        assert_eq!(provider.version(), 1);

        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, source) = (Arc::clone(&seen), Arc::clone(&provider));
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(move || {
            let password = source.credentials().unwrap().password;
            log.lock().unwrap().push((source.version(), password.expose().to_owned()));
        });
        provider.listen(ChangeListener::new(&wake));

        handle.rotate(Credentials::user("ada", "new"));
        handle.rotate(Credentials::password("newer"));
        assert_eq!(*seen.lock().unwrap(), [(2, "new".to_owned()), (3, "newer".to_owned())]);
        assert_eq!(provider.credentials().unwrap(), Credentials::password("newer"));
    }

    #[test]
    fn a_listener_whose_driver_is_gone_is_forgotten() {
        let rotating = Rotating::empty();
        let (kept_count, kept) = counting_ear();
        let (gone_count, gone) = counting_ear();
        rotating.listen(ChangeListener::new(&kept));
        rotating.listen(ChangeListener::new(&gone));
        drop(gone);
        rotating.rotate(Credentials::password("x"));
        assert_eq!(kept_count.load(Ordering::SeqCst), 1);
        assert_eq!(gone_count.load(Ordering::SeqCst), 0);
        assert_eq!(rotating.0.state.lock().unwrap().listeners.len(), 1);
    }

    #[test]
    fn a_shared_provider_is_the_provider_itself() {
        let rotating = Rotating::new(Credentials::password("x"));
        let shared: Arc<dyn CredentialProvider> = Arc::new(Arc::new(rotating.clone()));
        let (count, ear) = counting_ear();
        shared.listen(ChangeListener::new(&ear));
        rotating.rotate(Credentials::password("y"));
        assert_eq!((count.load(Ordering::SeqCst), shared.version()), (1, 2));
        assert_eq!(shared.credentials(), Ok(Credentials::password("y")));
    }

    #[test]
    fn an_empty_cell_says_so() {
        let error = Rotating::empty().credentials().unwrap_err();
        assert!(error.to_string().contains("rotate"), "{error}");
    }

    #[test]
    fn a_function_is_asked_for_each_connection() {
        let calls = AtomicUsize::new(0);
        let provider = PerConnect::new(move || {
            let call = calls.fetch_add(1, Ordering::SeqCst);
            if call == 1 {
                return Err(CredentialError::new("vault is sealed"));
            }
            Ok(Credentials::password(format!("token-{call}")))
        });
        assert_eq!(provider.credentials().unwrap().password.expose(), "token-0");
        assert_eq!(provider.credentials().unwrap_err().to_string(), "no credentials: vault is sealed");
        assert_eq!(provider.credentials().unwrap().password.expose(), "token-2");
        assert_eq!(provider.version(), 0);
    }

    #[test]
    fn nothing_shows_a_password() {
        let rotating = Rotating::new(Credentials::user("ada", "hunter2"));
        let shown = format!("{rotating:?} {:?}", rotating.credentials());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
