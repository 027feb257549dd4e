//! The admin server: `/metrics`, `/livez`, `/readyz`, `/healthz`, `/buildinfo` and a page that leads to them.

use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use prometheus::Registry;

use crate::build::BUILD;
use crate::connections::Connections;
use crate::health::Health;
use crate::metrics;
use crate::stop::Stop;

/// Content type of the Prometheus text format; Prometheus 3 refuses a page without one.
pub const METRICS_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A server at work.
pub struct Server {
    /// Where it listens; the port is real even where port 0 was asked for.
    pub address: SocketAddr,
    /// Its thread; it ends soon after the request to stop.
    pub thread: JoinHandle<()>,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[error("listen on {address}: {source}")]
pub struct Error {
    address: SocketAddr,
    source: std::io::Error,
}

#[derive(Clone)]
struct Admin {
    service: &'static str,
    registry: Registry,
    health: Health,
    stop: Stop,
}

/// Serves the admin pages of `service` on `address` until `stop`, on a thread of its own.
///
/// # Errors
/// Where the address cannot be listened on.
pub fn serve(
    service: &'static str,
    address: SocketAddr,
    registry: Registry,
    health: Health,
    stop: Stop,
) -> Result<Server, Error> {
    let admin = Admin { service, registry, health, stop: stop.clone() };
    serve_router(&format!("{service}-admin"), address, router(admin), stop)
}

/// Serves any router on `address` until `stop`, on a thread of its own.
///
/// # Errors
/// Where the address cannot be listened on.
pub fn serve_router(thread: &str, address: SocketAddr, router: Router, stop: Stop) -> Result<Server, Error> {
    let failed = |source| Error { address, source };
    let listener = TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(4)
        .thread_name(thread)
        .build()
        .map_err(failed)?;
    let run = move || {
        runtime.block_on(async move {
            let listener = match tokio::net::TcpListener::from_std(listener) {
                Ok(listener) => listener,
                Err(error) => return tracing::error!(%error, "server did not start"),
            };
            let served = axum::serve(Connections::new(listener), router).with_graceful_shutdown({
                let stop = stop.clone();
                async move { stop.wait().await }
            });
            // A connection kept alive by its client must not keep the process alive.
            let deadline = async {
                stop.wait().await;
                tokio::time::sleep(DRAIN).await;
            };
            tokio::select! { result = served => if let Err(error) = result { tracing::error!(%error, "server ended") }, () = deadline => {} }
        });
        runtime.shutdown_timeout(DRAIN);
    };
    let thread = std::thread::Builder::new().name(thread.to_owned()).spawn(run).map_err(failed)?;
    Ok(Server { address, thread })
}

/// How long connections have to end once stopping.
const DRAIN: std::time::Duration = std::time::Duration::from_secs(2);

fn router(admin: Admin) -> Router {
    Router::new()
        .route("/", get(landing))
        .route("/metrics", get(metrics_page))
        .route("/livez", get(livez))
        .route("/healthz", get(livez))
        .route("/readyz", get(readyz))
        .route("/buildinfo", get(|| async { axum::Json(BUILD) }))
        .with_state(admin)
}

async fn landing(State(admin): State<Admin>) -> Html<String> {
    let service = admin.service;
    Html(format!(
        "<!doctype html><html lang=\"en\"><title>Rapport: {service}</title><h1>Rapport: {service}</h1><p>Version {}, \
         revision {}.</p><ul><li><a href=\"/metrics\">Metrics</a></li><li><a href=\"/livez\">Alive?</a></li><li><a \
         href=\"/readyz\">Ready?</a></li><li><a href=\"/buildinfo\">Build</a></li></ul></html>\n",
        BUILD.version, BUILD.revision
    ))
}

async fn metrics_page(State(admin): State<Admin>) -> Response {
    match metrics::page(&admin.registry) {
        Ok(page) => ([(header::CONTENT_TYPE, METRICS_CONTENT_TYPE)], page).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn livez(State(admin): State<Admin>) -> Response {
    verdict("stalled", &admin.health.stalled())
}

async fn readyz(State(admin): State<Admin>) -> Response {
    if admin.stop.is_set() {
        return verdict("not ready", &["stopping".to_owned()]);
    }
    verdict("not ready", &admin.health.unready())
}

fn verdict(wrong: &str, what: &[String]) -> Response {
    if what.is_empty() {
        return "ok\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("{wrong}: {}\n", what.join(", "))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::stopwatch;

    #[test]
    fn the_pages_say_how_the_service_does_and_the_server_ends_when_asked() {
        let (health, stop) = (Health::new(stopwatch()), Stop::new());
        let flag = health.flag("caught_up");
        let address = "127.0.0.1:0".parse().unwrap();
        let server =
            serve("test", address, crate::metrics::registry().unwrap(), health, stop.clone()).unwrap();
        let get = |path: &str| {
            let response = reqwest::blocking::get(format!("http://{}{path}", server.address)).unwrap();
            let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
            (response.status().as_u16(), kind.unwrap_or_default(), response.text().unwrap())
        };
        assert_eq!(get("/livez").0, 200);
        assert_eq!(get("/healthz").0, 200);
        let (status, _, body) = get("/readyz");
        assert_eq!((status, body.as_str()), (503, "not ready: caught_up\n"));
        flag.set(true);
        assert_eq!(get("/readyz").0, 200);
        let (_, kind, page) = get("/metrics");
        assert_eq!(kind, METRICS_CONTENT_TYPE);
        assert!(
            page.contains("rapport_build_info{") && page.contains("process_resident_memory_bytes"),
            "{page}"
        );
        assert!(page.contains("rapport_log_lines_total{level=\"error\"} "), "{page}");
        assert!(get("/buildinfo").2.contains("\"revision\""));
        assert!(get("/").2.contains("/metrics"));
        stop.trigger();
        server.thread.join().unwrap();
    }
}
