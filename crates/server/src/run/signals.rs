//! Signals: SIGTERM and SIGINT drain, a second one releases the calls that are left, SIGHUP
//! reloads the directory.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::core_loop::Control;
use crate::failure::Failure;

/// Turns signals into commands, on a thread of their own, so that they are heard from the first
/// moment of the start on.
///
/// # Errors
/// When the system refuses a handler or a thread.
pub(super) fn listen(control: mpsc::Sender<Control>) -> Result<(), Failure> {
    let refused = |error: std::io::Error| {
        Failure::environment(format!("signals: {error}"), "check limits of the system")
    };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(refused)?;
    let (mut terminate, mut interrupt, mut hang_up) = {
        let _inside = runtime.enter();
        let on = |kind| signal(kind).map_err(refused);
        (on(SignalKind::terminate())?, on(SignalKind::interrupt())?, on(SignalKind::hangup())?)
    };
    let listening = async move {
        let mut asked = false;
        loop {
            let stop = if asked { Control::Release } else { Control::Drain };
            let command = tokio::select! {
                Some(()) = terminate.recv() => stop,
                Some(()) = interrupt.recv() => stop,
                Some(()) = hang_up.recv() => Control::Reload,
                else => break,
            };
            asked |= matches!(command, Control::Drain);
            if control.send(command).await.is_err() {
                break;
            }
        }
    };
    let thread = std::thread::Builder::new().name("tandem-signals".into());
    thread.spawn(move || runtime.block_on(listening)).map_err(refused)?;
    Ok(())
}
