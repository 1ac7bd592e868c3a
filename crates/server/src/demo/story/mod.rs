//! The performance: scenes begin as soon as everybody in them is free, in their order, and run
//! side by side.

mod play;
mod scenes;

use std::io::Write;
use std::time::Duration;

use store::Database;
use tokio::task::JoinSet;

use super::host::unreadable;
use super::live::Live;
use super::phones::Cast;
use crate::failure::Failure;
pub(super) use play::{Played, Sound};
pub(super) use scenes::{SCENES, Scene};

/// How often the database is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// How long the assigner may need after the last call.
const ASSIGNING: Duration = Duration::from_secs(5);

/// Every scene with what the phones noticed in it, in the order of the story.
pub(super) type Performance = Vec<(&'static Scene, Played)>;

/// Plays all scenes, prints each change as the database shows it, and gives the phones back.
pub(super) async fn perform(
    mut cast: Cast,
    database: &Database,
    live: &mut Live<'_>,
    out: &mut impl Write,
) -> Result<(Performance, Cast), Failure> {
    let mut waiting: Vec<usize> = (0..SCENES.len()).collect();
    let mut playing = JoinSet::new();
    let mut played: Vec<Option<Played>> = SCENES.iter().map(|_| None).collect();
    let mut look = tokio::time::interval(LOOK);
    while !waiting.is_empty() || !playing.is_empty() {
        for (index, company) in ready(&mut waiting, &mut cast) {
            playing.spawn(async move { (index, play::play(&SCENES[index], company).await) });
        }
        tokio::select! {
            Some(done) = playing.join_next() => {
                let (index, (result, company)) = done.map_err(broken)?;
                cast.extend(company);
                played[index] = Some(result);
            }
            _ = look.tick() => live.print(database, out).await?,
        }
    }
    let settled = async {
        while database.unassigned().await.map_err(unreadable)? > 0 {
            look.tick().await;
            live.print(database, out).await?;
        }
        Ok::<(), Failure>(())
    };
    // What is not assigned by then shows in the facts.
    if let Ok(settled) = tokio::time::timeout(ASSIGNING, settled).await {
        settled?;
    }
    live.print(database, out).await?;
    let played = played.into_iter().map(Option::unwrap_or_default);
    Ok((SCENES.iter().zip(played).collect(), cast))
}

/// Takes the scenes out of the waiting ones for which everybody is free. Who is waited for by an
/// earlier scene is not taken by a later one.
fn ready(waiting: &mut Vec<usize>, cast: &mut Cast) -> Vec<(usize, Cast)> {
    let mut reserved: Vec<&'static str> = Vec::new();
    let mut begun = Vec::new();
    waiting.retain(|&index| {
        let company = SCENES[index].company();
        let free = company.iter().all(|name| cast.contains_key(name) && !reserved.contains(name));
        if free {
            let taken = company.iter().filter_map(|name| cast.remove_entry(name));
            begun.push((index, taken.collect()));
        } else {
            reserved.extend(company);
        }
        !free
    });
    begun
}

fn broken(error: tokio::task::JoinError) -> Failure {
    Failure::work(format!("a scene broke off: {error}"), "")
}
