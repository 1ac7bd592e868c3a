//! SIGHUP: the directory file is read again. What is wrong with it is logged and nothing changes;
//! calls that run keep the directory they began with. What lookups have found is read from the
//! database alone: a file that somebody is writing is not read before he says so.

use std::path::Path;
use std::sync::Arc;

use model::directory::Directory;
use store::Database;
use store::repository::Repository as _;
use tokio::sync::mpsc;

use super::opening;
use crate::clock::Clock;
use crate::config::Config;
use crate::failure::Failure;

/// The loop's end: asks for a reload and takes new directories.
pub(super) struct Reloads {
    ask: mpsc::Sender<()>,
    learnt: mpsc::Sender<()>,
    directories: mpsc::Receiver<Arc<Directory>>,
}

/// The recording thread's end.
pub(super) struct Reloading {
    asked: mpsc::Receiver<()>,
    learnt: mpsc::Receiver<()>,
    directories: mpsc::Sender<Arc<Directory>>,
}

/// Both ends.
pub(super) fn channel() -> (Reloads, Reloading) {
    let (ask, asked) = mpsc::channel(1);
    let (learns, learnt) = mpsc::channel(1);
    let (sender, directories) = mpsc::channel(1);
    let reloads = Reloads { ask, learnt: learns, directories };
    (reloads, Reloading { asked, learnt, directories: sender })
}

impl Reloads {
    /// For who has written into the database what calls are to know.
    pub(super) fn learner(&self) -> mpsc::Sender<()> {
        self.learnt.clone()
    }

    /// Asks; one that waits already serves for both.
    pub(super) fn ask(&self) {
        let _ = self.ask.try_send(());
    }

    /// The next new directory.
    pub(super) async fn directory(&mut self) -> Option<Arc<Directory>> {
        self.directories.recv().await
    }
}

impl Reloading {
    /// Reloads when asked to; ends with the loop.
    pub(super) async fn run(mut self, config: &Config, database: &Database, clock: Clock) {
        let realm = &*config.sip.domain;
        loop {
            let file = tokio::select! {
                biased;
                asked = self.asked.recv() => match asked {
                    Some(()) => config.directory.as_deref(),
                    None => break,
                },
                Some(()) = self.learnt.recv() => None,
            };
            match reload(database, file, realm, clock).await {
                Ok(directory) => {
                    if self.directories.send(Arc::new(directory)).await.is_err() {
                        return;
                    }
                    tracing::info!("directory reloaded");
                }
                Err(failure) => {
                    tracing::error!(%failure, "the directory was not reloaded; the old one holds");
                }
            }
        }
        std::future::pending::<()>().await;
    }
}

async fn reload(
    database: &Database,
    file: Option<&Path>,
    realm: &str,
    clock: Clock,
) -> Result<Directory, Failure> {
    if let Some(file) = file {
        opening::apply_directory(database, file, realm, clock.now().wall).await?;
    }
    let failed = |error: store::Error| Failure::environment(&error, error.remedy());
    database.load_directory(realm).await.map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[tokio::test]
    async fn what_was_learnt_is_read_beside_a_file_that_somebody_is_writing() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = "[sip]\nlisten = [\"udp://127.0.0.1:5060\"]\ndomain = \"tandem.test\"\n\
                    [directory]\nfile = \"directory.toml\"\n";
        let file = folder.path().join("tandem.toml");
        let config = crate::config::parse(&file, text, &BTreeMap::new()).expect("valid");
        std::fs::write(folder.path().join("directory.toml"), "[[users").expect("written");
        let url = format!("sqlite://{}", folder.path().join("t.db").display());
        let database = Database::open(&url).await.expect("a database");
        database.migrate().await.expect("a schema");
        let (mut reloads, reloading) = channel();
        let learner = reloads.learner();
        let work = async {
            learner.try_send(()).expect("room");
            assert!(reloads.directory().await.is_some(), "from the database alone");
            // Who asks for the file gets none: it is broken, and the old directory holds.
            reloads.ask();
            learner.try_send(()).expect("room");
            assert!(reloads.directory().await.is_some(), "the second of what was learnt");
            tokio::task::yield_now().await;
            assert!(reloads.directories.try_recv().is_err());
        };
        tokio::select! {
            () = reloading.run(&config, &database, Clock::start()) => {}
            () = work => {}
        }
    }
}
