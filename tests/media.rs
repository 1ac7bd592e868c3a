//! Sound through the real binary: phones that talk over sockets of their own on loopback addresses
//! of their own, and what they hear, found by spectrum, by time and in the database.

#![allow(clippy::print_stdout, reason = "figures for who runs the tests")]

#[path = "media/cases/mod.rs"]
mod cases;
#[path = "media/heard.rs"]
mod heard;
#[path = "media/phone.rs"]
mod phone;
#[path = "media/road.rs"]
mod road;
#[path = "media/stage.rs"]
mod stage;
#[path = "media/voice.rs"]
mod voice;
#[path = "media/wire.rs"]
mod wire;

/// A test: phones have a thread, what is looked at has another.
macro_rules! tests {
    ($($name:ident: $case:path,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
            async fn $name() -> anyhow::Result<()> {
                $case().await
            }
        )*
    };
}

tests! {
    every_codec_is_heard_by_every_other: cases::codecs::every_pair,
    what_is_lost_is_hidden: cases::codecs::every_pair_with_loss,
    greeted_ringing_held: cases::prompts::greeted_ringing_held,
    digits_arrive_once: cases::digits::each_once,
    both_sides_are_recorded: cases::recording::both_sides_without_what_is_paused,
    a_killed_server_leaves_a_file_that_plays: cases::recording::killed,
    a_server_that_stops_closes_what_it_records: cases::recording::stopped,
    a_full_disk_ends_no_call: cases::recording::full_disk,
    nobody_hears_a_stranger: cases::intruder::nobody_hears_a_stranger,
    bad_audio_is_on_the_record: cases::quality::what_happened_and_nothing_else,
}
