//! Connections of a server: only so many at once, and none that is silent for long. Whoever connects and says nothing, or only half of
//! what there is to say, is not known yet, and must not use up what the service has for everybody.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

/// Connections at once; whoever comes beyond waits until one ends.
const AT_ONCE: usize = 256;

/// How long nothing may come over a connection: longer than the minute between two scrapes of a Prometheus, which keeps its own open.
const SILENCE: Duration = Duration::from_secs(120);

/// Accepts connections within these bounds.
pub(crate) struct Connections {
    listener: TcpListener,
    places: Arc<Semaphore>,
    silence: Duration,
}

impl Connections {
    pub(crate) fn new(listener: TcpListener) -> Connections {
        Connections::within(listener, AT_ONCE, SILENCE)
    }

    fn within(listener: TcpListener, at_once: usize, silence: Duration) -> Connections {
        Connections { listener, places: Arc::new(Semaphore::new(at_once)), silence }
    }
}

impl Listener for Connections {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // Nobody closes the semaphore; if somebody did, connections would only be no longer counted.
        let place = self.places.clone().acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let (silence, patience) = (Box::pin(sleep(self.silence)), self.silence);
        (Connection { stream, silence, patience, _place: place }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that ends by itself when nothing comes over it.
pub(crate) struct Connection {
    stream: TcpStream,
    silence: Pin<Box<Sleep>>,
    patience: Duration,
    _place: Option<OwnedSemaphorePermit>,
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Connection { stream, silence, patience, .. } = self.get_mut();
        match Pin::new(stream).poll_read(cx, into) {
            Poll::Ready(read) => {
                silence.as_mut().reset(Instant::now() + *patience);
                Poll::Ready(read)
            }
            Poll::Pending => silence.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into())),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn serve(at_once: usize, silence: Duration) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(|| async { "here" }));
        let connections = Connections::within(listener, at_once, silence);
        tokio::spawn(async move { axum::serve(connections, router).await });
        address
    }

    async fn ask(address: SocketAddr) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        said
    }

    #[tokio::test]
    async fn who_says_only_half_of_a_request_is_hung_up_on() {
        let address = serve(8, Duration::from_millis(200)).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost").await.unwrap();
        let mut said = Vec::new();
        // It ends, with nothing said; without a bound it would never.
        stream.read_to_end(&mut said).await.ok();
        assert!(said.is_empty());
        assert!(ask(address).await.ends_with("here"));
    }

    #[tokio::test]
    async fn who_comes_when_all_places_are_taken_waits_until_one_is_free() {
        let address = serve(2, Duration::from_secs(3_600)).await;
        let idle = [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
        let asked = tokio::spawn(ask(address));
        // As long as it would take many times over.
        sleep(Duration::from_millis(200)).await;
        assert!(!asked.is_finished());
        drop(idle);
        assert!(asked.await.unwrap().ends_with("here"));
    }
}
