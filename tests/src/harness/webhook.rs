//! A receiver of webhooks that keeps what it is sent.

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use axum::Router;
use axum::http::{StatusCode, Uri};
use tokio::sync::oneshot;

/// A running receiver on a port of its own.
pub struct Webhook {
    address: String,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

struct State {
    status: AtomicU16,
    requests: Mutex<Vec<(String, String)>>,
}

impl Webhook {
    /// Starts one that answers 200.
    pub fn start() -> Webhook {
        let state = Arc::new(State { status: AtomicU16::new(200), requests: Mutex::default() });
        let (stop, stopped) = oneshot::channel::<()>();
        let (bound, address) = mpsc::channel();
        let kept = Arc::clone(&state);
        let server = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let app = Router::new().fallback(move |uri: Uri, body: String| {
                    let kept = Arc::clone(&kept);
                    async move {
                        let request = (uri.path().to_owned(), body);
                        kept.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                        StatusCode::from_u16(kept.status.load(Ordering::Relaxed)).expect("a status of HTTP")
                    }
                });
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
                bound.send(listener.local_addr().expect("an address").to_string()).expect("someone waits");
                // Not gracefully: a sender that keeps its connection would hold the test up.
                tokio::select! {
                    served = axum::serve(listener, app) => served.expect("the receiver serves"),
                    _ = stopped => {}
                }
            });
        });
        let address = address.recv().expect("the receiver starts");
        Webhook { address, state, stop: Some(stop), server: Some(server) }
    }

    /// `http://host:port`; any path will do.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers with that status of HTTP from now on.
    pub fn answer(&self, status: u16) {
        self.state.status.store(status, Ordering::Relaxed);
    }

    /// Every body received so far.
    pub fn bodies(&self) -> Vec<String> {
        self.requests().into_iter().map(|(_, body)| body).collect()
    }

    /// Path and body of every request received so far.
    pub fn requests(&self) -> Vec<(String, String)> {
        self.state.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).ok();
        }
        if let Some(server) = self.server.take() {
            server.join().ok();
        }
    }
}
