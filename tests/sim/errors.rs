//! Whatever logs an ERROR fails the run: in a simulation nothing is broken but the network.

use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

/// The errors that were logged on this thread since it was made.
pub(crate) struct Errors {
    seen: Seen,
    _guard: DefaultGuard,
}

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Errors {
    pub(crate) fn watch() -> Self {
        let seen = Seen::default();
        let layer = seen.clone().with_filter(LevelFilter::ERROR);
        let subscriber = tracing_subscriber::registry().with(layer);
        Self { seen, _guard: tracing::subscriber::set_default(subscriber) }
    }

    pub(crate) fn take(&self) -> Vec<String> {
        // One thread: nobody else can have panicked with it.
        std::mem::take(&mut *self.seen.0.lock().expect("one thread"))
    }
}

impl<S: tracing::Subscriber> Layer<S> for Seen {
    fn on_event(&self, event: &tracing::Event<'_>, _context: Context<'_, S>) {
        let mut text = Text(format!("{}:", event.metadata().target()));
        event.record(&mut text);
        self.0.lock().expect("one thread").push(text.0);
    }
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!(" {}={value:?}", field.name()));
    }
}

#[test]
fn an_error_is_seen_and_nothing_else() {
    let errors = Errors::watch();
    tracing::warn!("a warning");
    assert!(errors.take().is_empty());
    tracing::error!(call = 7, "broken");
    assert_eq!(errors.take().len(), 1);
}
