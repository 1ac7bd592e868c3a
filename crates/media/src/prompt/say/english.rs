//! English, as it is said in America: "one hundred twenty-one", "three oh five p.m.".

use call::port::Spoken;

use super::{Fragment, NUMBER_MAX, clip, digits, number_clip};

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] =
    ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

pub(super) fn fragments(spoken: &Spoken) -> Vec<Fragment> {
    let mut said = Vec::new();
    match *spoken {
        Spoken::Digits(ref text) => said.extend(digits(text).map(digit)),
        Spoken::Number(number) => say_number(number, &mut said),
        Spoken::Position(number) => {
            said.push(clip("queue/you-are-number", "You are number"));
            say_number(number, &mut said);
            said.push(clip("queue/in-the-queue", "in the queue."));
        }
        Spoken::Minutes(0) => {
            let text = "Your waiting time is less than one minute.";
            said.push(clip("queue/less-than-one-minute", text));
        }
        Spoken::Minutes(1) => {
            let text = "Your waiting time is about one minute.";
            said.push(clip("queue/one-minute", text));
        }
        Spoken::Minutes(minutes) => {
            said.push(clip("queue/your-waiting-time", "Your waiting time is about"));
            say_number(minutes, &mut said);
            said.push(clip("queue/minutes", "minutes."));
        }
        Spoken::Time { hour: 0, minute: 0 } => said.push(clip("time/midnight", "midnight")),
        Spoken::Time { hour: 12, minute: 0 } => said.push(clip("time/noon", "noon")),
        Spoken::Time { hour, minute } => say_time(hour.into(), minute.into(), &mut said),
    }
    said
}

fn digit(sign: char) -> Fragment {
    match (sign, sign.to_digit(10)) {
        (_, Some(number)) => small(number),
        ('*', None) => clip("digits/star", "star"),
        ('#', None) => clip("digits/pound", "pound"),
        (_, None) => clip("digits/plus", "plus"),
    }
}

/// A number below 100.
fn small(number: u32) -> Fragment {
    let (ten, one) = (number as usize / 10, number as usize % 10);
    let text = match (ten, one) {
        (..2, _) => SMALL[number as usize].to_owned(),
        (_, 0) => TENS[ten].to_owned(),
        (_, _) => format!("{}-{}", TENS[ten], SMALL[one]),
    };
    number_clip(number, text)
}

fn say_number(number: u32, said: &mut Vec<Fragment>) {
    if number > NUMBER_MAX {
        said.push(Fragment::Text(number.to_string()));
        return;
    }
    for (unit, name) in [(1_000_000, "million"), (1_000, "thousand")] {
        let count = number / unit % 1_000;
        if count > 0 {
            below_thousand(count, said);
            said.push(clip(format!("numbers/{name}"), name));
        }
    }
    if !number.is_multiple_of(1_000) || number == 0 {
        below_thousand(number % 1_000, said);
    }
}

fn below_thousand(number: u32, said: &mut Vec<Fragment>) {
    let (hundreds, rest) = (number / 100, number % 100);
    if hundreds > 0 {
        said.extend([small(hundreds), clip("numbers/hundred", "hundred")]);
    }
    if rest > 0 || hundreds == 0 {
        said.push(small(rest));
    }
}

fn say_time(hour: u32, minute: u32, said: &mut Vec<Fragment>) {
    said.push(small(if hour.is_multiple_of(12) { 12 } else { hour % 12 }));
    if (1..10).contains(&minute) {
        said.push(clip("time/oh", "oh"));
    }
    if minute > 0 {
        said.push(small(minute));
    }
    said.push(if hour < 12 { clip("time/am", "a.m.") } else { clip("time/pm", "p.m.") });
}
