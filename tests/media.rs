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
    s05_nobody_answers: cases::menus::nobody_answers,
    s06_the_next_ivr_answers: cases::menus::the_next_ivr_answers,
    s14_hung_up_in_the_menu: cases::menus::hung_up_in_the_menu,
    s15_second_option_by_event: cases::menus::second_option_by_event,
    s15_second_option_in_band: cases::menus::second_option_in_band,
    s15_second_option_by_info: cases::menus::second_option_by_info,
    who_presses_nothing_is_asked_again: cases::menus::asked_again,
    a_message_is_left_and_listened_to: cases::voicemail::left_and_listened_to,
    who_hangs_up_has_left_a_message: cases::voicemail::hung_up,
    a_queue_plays_announces_and_connects: cases::queues::music_announcement_agent,
    a_queue_is_left_by_key_and_by_hanging_up: cases::queues::left_by_key_and_by_hanging_up,
    digits_arrive_once: cases::digits::each_once,
    both_sides_are_recorded: cases::recording::both_sides_without_what_is_paused,
    a_killed_server_leaves_a_file_that_plays: cases::recording::killed,
    a_server_that_stops_closes_what_it_records: cases::recording::stopped,
    a_full_disk_ends_no_call: cases::recording::full_disk,
    nobody_hears_a_stranger: cases::intruder::nobody_hears_a_stranger,
    bad_audio_is_on_the_record: cases::quality::what_happened_and_nothing_else,
}
