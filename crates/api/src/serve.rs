//! HTTP/1.1 on a listener, with a limit on everything a peer can make us keep: connections,
//! headers, and the time each of them takes.

mod watched;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tracing::debug;

use self::watched::Watched;
use crate::auth::Peer;
use crate::router::{Api, App, router};

/// How long to wait after a connection could not be accepted, so that a lack of descriptors does
/// not become a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What one peer, and all of them together, may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at one time; further ones wait in the system's backlog.
    pub connections: usize,
    /// Header fields of a request; more get 431.
    pub headers: usize,
    /// Bytes of request line and header fields; more get 431.
    pub header_bytes: usize,
    /// How long a peer may take for the header of a request, the idle time before it included.
    pub header_timeout: Duration,
    /// How long a peer may take nothing of an answer.
    pub write_timeout: Duration,
    /// How long running requests may go on when the server stops.
    pub shutdown_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            headers: 64,
            header_bytes: 16 << 10,
            header_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(2),
        }
    }
}

/// Serves until `stop` ends, then lets running requests finish.
pub async fn serve(
    listener: TcpListener,
    api: Api,
    limits: Limits,
    stop: impl Future<Output = ()> + Send,
) {
    // What the process before had begun has ended with it.
    if let Err(error) = api.database.forget_unanswered_requests().await {
        tracing::warn!(%error, "requests without an answer are still waited for");
    }
    let places = Arc::new(Semaphore::new(limits.connections));
    let (stopped, stopping) = watch::channel(());
    let service = router(App::new(api, stopping.clone()));
    tokio::pin!(stop);
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // The peer was gone already, or descriptors are short: both pass.
                debug!(%error, "an HTTP connection was not accepted");
                match tokio::time::timeout(ACCEPT_PAUSE, &mut stop).await {
                    Ok(()) => break,
                    Err(_elapsed) => continue,
                }
            }
        };
        let connection = connection(stream, peer, service.clone(), limits, stopping.clone());
        tokio::spawn(async move {
            connection.await;
            drop(place);
        });
    }
    drop(stopping);
    stopped.send_replace(());
    // Every connection holds a receiver; all are gone when the last one has finished.
    drop(tokio::time::timeout(limits.shutdown_timeout, stopped.closed()).await);
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    service: axum::Router,
    limits: Limits,
    mut stopping: watch::Receiver<()>,
) {
    let service = TowerToHyperService::new(service);
    let service = hyper::service::service_fn(move |mut request: hyper::Request<_>| {
        request.extensions_mut().insert(Peer(peer.ip()));
        hyper::service::Service::call(&service, request)
    });
    let stream = Watched::new(stream, limits.write_timeout);
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(limits.headers)
        .max_buf_size(limits.header_bytes)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    let served = tokio::select! {
        served = serving.as_mut() => served,
        _ = stopping.changed() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = served {
        debug!(%peer, %error, "an HTTP connection ended early");
    }
}

#[cfg(test)]
mod tests;
