//! The log: one line per event on the standard error, for people or as JSON. Which modules say how
//! much is `[log] filter`. Telephone numbers and names appear from DEBUG on only
//! (`ARCHITECTURE.md`, errors and logs); the modules keep to that, not this one.

use std::io::IsTerminal as _;

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{Log, LogFormat};

/// Sends events to the standard error from here on. A second call changes nothing.
pub fn start(log: &Log) {
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let subscriber = subscriber(log, colour, std::io::stderr);
    // Another subscriber was there first, which only tests bring about.
    drop(tracing::subscriber::set_global_default(subscriber));
}

/// The subscriber for a log, for tests with a writer of their own.
pub fn subscriber<W>(log: &Log, colour: bool, writer: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // `Config` holds filters only that were parsed once.
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    match log.format {
        LogFormat::Text => Box::new(builder.with_ansi(colour).finish()),
        LogFormat::Json => Box::new(builder.json().flatten_event(true).finish()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("one thread").write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let log = Log { format, filter: "info".into() };
        let subscriber = subscriber(&log, false, move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            let call = tracing::info_span!("call", call_id = "c-1");
            let _inside = call.enter();
            tracing::info!(legs = 2, "call connected");
            tracing::debug!("not shown");
        });
        let bytes = kept.0.lock().expect("one thread").clone();
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn an_event_is_one_line_in_both_formats() {
        let text = logged(LogFormat::Text);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("call{call_id=\"c-1\"}") && text.contains("legs=2"), "{text}");
        let json = logged(LogFormat::Json);
        let object: serde_json::Value = serde_json::from_str(&json).expect("one object");
        assert_eq!(object["message"], "call connected");
        assert_eq!(object["span"]["call_id"], "c-1");
    }
}
