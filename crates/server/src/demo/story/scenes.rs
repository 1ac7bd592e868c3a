//! The scenes, and what is stated of each. The facts of the first ones are those of the scenarios
//! S01–S06, S11 and S19 (`model.md` §6.5); [`crate::demo::facts`] says how they are written.

use std::time::Duration;

use phone::Behaviour;

use crate::demo::phones::BadLine;

/// One call, and what must come of it.
#[derive(Debug)]
pub(in crate::demo) struct Scene {
    /// Its name.
    pub(in crate::demo) title: &'static str,
    /// What happens, for the reader.
    pub(in crate::demo) about: &'static str,
    /// Whose phone calls.
    pub(in crate::demo) caller: &'static str,
    /// What is dialled.
    pub(in crate::demo) dials: &'static str,
    /// `from_number` and `to_number` of the call: no two scenes have the same.
    pub(in crate::demo) numbers: (&'static str, &'static str),
    /// Who is called, and what they do.
    pub(in crate::demo) called: &'static [(&'static str, Behaviour)],
    /// The caller gives up after this time.
    pub(in crate::demo) give_up_after: Option<Duration>,
    /// Keys that the caller presses, one after the other, once he is accepted.
    pub(in crate::demo) presses: &'static str,
    /// People talk.
    pub(in crate::demo) talk: Option<Talk>,
    /// Who was called hands the call on.
    pub(in crate::demo) hands_on: Option<HandOn>,
    /// The caller leaves a voice message.
    pub(in crate::demo) message: bool,
    /// What must come of it.
    pub(in crate::demo) stated: &'static [&'static str],
}

/// A conversation of two.
#[derive(Debug)]
pub(in crate::demo) struct Talk {
    /// With whom the caller talks.
    pub(in crate::demo) with: &'static str,
    /// Who was called puts the caller on hold for a moment.
    pub(in crate::demo) hold: bool,
    /// What they say.
    pub(in crate::demo) said: Said,
    /// Who hangs up.
    pub(in crate::demo) hangs_up: &'static str,
}

/// A transfer.
#[derive(Debug)]
pub(in crate::demo) struct HandOn {
    /// To whom; he is among those who are called.
    pub(in crate::demo) to: &'static str,
    /// He is asked first, on a second line.
    pub(in crate::demo) warm: bool,
}

/// What two people say.
#[derive(Debug, Clone, Copy)]
pub(in crate::demo) enum Said {
    /// Two seconds of a tone that both know octet by octet: its packets are counted.
    Counted,
    /// Each a tone of their own, which the other finds in what is heard.
    Listened {
        /// For so long; after a hold, so long again.
        time: Duration,
        /// The caller's line.
        line: Option<BadLine>,
    },
}

impl Talk {
    /// Whether what is heard is looked at by its spectrum.
    pub(in crate::demo) fn is_listened_to(&self) -> bool {
        matches!(self.said, Said::Listened { .. })
    }
}

const fn listened(ms: u64) -> Said {
    Said::Listened { time: Duration::from_millis(ms), line: None }
}

impl Scene {
    /// Everybody whose phone takes part.
    pub(in crate::demo) fn company(&self) -> Vec<&'static str> {
        let called = self.called.iter().map(|(name, _)| *name);
        std::iter::once(self.caller).chain(called).collect()
    }
}

const fn answers_after(ms: u64) -> Behaviour {
    Behaviour::AnswerAfter(Duration::from_millis(ms))
}

/// For two seconds every fourth packet, after more than a second without loss.
const LOSSY: BadLine = BadLine { packets: (61, 161), one_of: 4 };

/// The story. Scenes that share nobody run side by side.
pub(in crate::demo) const SCENES: &[Scene] = &[
    Scene {
        title: "Direct call",
        about: "Carl calls Ana's own number; she answers, and holds and resumes",
        caller: "carl",
        dials: "+15550100001",
        numbers: ("+15557770001", "+15550100001"),
        called: &[("ana", answers_after(600))],
        give_up_after: None,
        presses: "",
        talk: Some(Talk { with: "ana", hold: true, said: Said::Counted, hangs_up: "carl" }),
        hands_on: None,
        message: false,
        stated: &[
            "inbound call: answered, ended by external, owner Ana Agent",
            "path: call_started, routing_started, answered, hold, resume, call_ended",
            "route to Ana Agent, single: answered by Ana Agent, hangup_external",
            "attempt of Ana Agent: answered 200",
            "both heard each other",
            "caller hung up",
            "ana's phone showed Carl Contact +15557770001",
            "conversation of Carl Contact and Ana Agent",
            "event inbound_call “Carl Contact called Ana Agent”",
            "in it: Ana Agent, Carl Contact",
        ],
    },
    Scene {
        title: "Missed call",
        about: "Dora calls Ben's own number and gives up while it rings",
        caller: "dora",
        dials: "+15550100002",
        numbers: ("+15557770002", "+15550100002"),
        called: &[("ben", Behaviour::RingForever)],
        give_up_after: Some(Duration::from_millis(1_200)),
        presses: "",
        talk: None,
        hands_on: None,
        message: false,
        stated: &[
            "inbound call: missed, ended by external, owner Ben Baker, \
             missed call owner Max Manager",
            "path: call_started, routing_started, no_answer, call_ended",
            "route to Ben Baker, single: canceled, not_answered",
            "attempt of Ben Baker: caller_hangup 487",
            "caller gave up",
            "ben's phone showed Dora Contact +15557770002",
            "conversation of Dora Contact and Ben Baker",
            "event missed_call “Dora Contact called Ben Baker”",
            "in it: Ben Baker, Dora Contact, Max Manager",
        ],
    },
    Scene {
        title: "Round robin",
        about: "Support rings one after another: Dan is away, Eve declines, Cat answers",
        caller: "guest",
        dials: "+15550200003",
        numbers: ("+15557770003", "+15550200003"),
        called: &[
            ("dan", Behaviour::RingForever),
            ("eve", Behaviour::Decline(603, Duration::from_millis(500))),
            ("cat", answers_after(500)),
        ],
        give_up_after: None,
        presses: "",
        talk: Some(Talk { with: "cat", hold: false, said: Said::Counted, hangs_up: "guest" }),
        hands_on: None,
        message: false,
        stated: &[
            "inbound call: answered, ended by external, owner Olga Owner",
            "path: call_started, ivr_entered, routing_started, answered, ivr_exited, call_ended",
            "route to Support, round_robin: answered by Cat Cole, hangup_external",
            "attempt of Dan Diaz: no_answer 487",
            "attempt of Eve East: declined 603",
            "attempt of Cat Cole: answered 200",
            "both heard each other",
            "caller hung up",
            "dan's phone showed +15557770003",
            "eve's phone showed +15557770003",
            "cat's phone showed +15557770003",
            "conversation of +15557770003 and Support",
            "event inbound_call “+15557770003 called Cat Cole”",
            "in it: +15557770003, Cat Cole, Support",
        ],
    },
    Scene {
        title: "Unknown number",
        about: "a stranger dials a number that is not ours",
        caller: "stranger",
        dials: "+15550999999",
        numbers: ("+15557770004", "+15550999999"),
        called: &[],
        give_up_after: None,
        presses: "",
        talk: None,
        hands_on: None,
        message: false,
        stated: &[
            "inbound call: unroutable, ended by system",
            "path: call_started, call_ended",
            "caller was refused with 404",
            "no conversation",
        ],
    },
    Scene {
        title: "Call back",
        about: "Ben calls Dora back through the trunk: the thread of the missed call goes on",
        caller: "ben",
        dials: "+15557770002",
        numbers: ("+15550100002", "+15557770002"),
        called: &[("dora", answers_after(500))],
        give_up_after: None,
        presses: "",
        talk: Some(Talk { with: "dora", hold: false, said: Said::Counted, hangs_up: "ben" }),
        hands_on: None,
        message: false,
        stated: &[
            "outbound call: answered, ended by internal, owner Ben Baker",
            "path: call_started, dial_started, answered, call_ended",
            "dial to Dora Contact, single: answered, hangup_internal",
            "both heard each other",
            "caller hung up",
            "dora's phone showed +15550100002",
            "conversation of Dora Contact and Ben Baker",
            "event outbound_call “Ben Baker called Dora Contact”",
            "in it: Ben Baker, Dora Contact, Max Manager",
        ],
    },
    Scene {
        title: "Simulring",
        about: "Sales rings all at once; Ben, the second of three, is first to answer",
        caller: "dora",
        dials: "+15550200001",
        numbers: ("+15557770002", "+15550200001"),
        called: &[
            ("ana", Behaviour::RingForever),
            ("ben", answers_after(700)),
            ("cat", Behaviour::RingForever),
        ],
        give_up_after: None,
        presses: "",
        talk: Some(Talk { with: "ben", hold: false, said: Said::Counted, hangs_up: "ben" }),
        hands_on: None,
        message: false,
        stated: &[
            "inbound call: answered, ended by internal, owner Olga Owner",
            "path: call_started, ivr_entered, routing_started, answered, ivr_exited, call_ended",
            "route to Sales, simulring: answered by Ben Baker, hangup_internal",
            "attempt of Ana Agent: answered_elsewhere 487",
            "attempt of Ben Baker: answered 200",
            "attempt of Cat Cole: answered_elsewhere 487",
            "both heard each other",
            "caller was hung up on",
            "ana's phone showed Dora Contact +15557770002",
            "ben's phone showed Dora Contact +15557770002",
            "cat's phone showed Dora Contact +15557770002",
            "conversation of Dora Contact and Sales",
            "event inbound_call “Dora Contact called Ben Baker”",
            "in it: Ben Baker, Dora Contact, Sales",
        ],
    },
    Scene {
        title: "Internal call",
        about: "Dan calls Eve by her name: recorded, but no conversation",
        caller: "dan",
        dials: "eve",
        numbers: ("dan", "eve"),
        called: &[("eve", answers_after(500))],
        give_up_after: None,
        presses: "",
        talk: Some(Talk { with: "eve", hold: false, said: Said::Counted, hangs_up: "dan" }),
        hands_on: None,
        message: false,
        stated: &[
            "internal call: answered, ended by internal, owner Dan Diaz",
            "path: call_started, routing_started, answered, call_ended",
            "route to Eve East, single: answered by Eve East, hangup_internal",
            "attempt of Eve East: answered 200",
            "both heard each other",
            "caller hung up",
            "eve's phone showed Dan Diaz dan",
            "no conversation",
        ],
    },
    Scene {
        title: "Next IVR",
        about: "nobody in Sales answers; the next IVR rings Overflow, and Dan answers",
        caller: "carl",
        dials: "+15550200005",
        numbers: ("+15557770001", "+15550200005"),
        called: &[
            ("ana", Behaviour::RingForever),
            ("ben", Behaviour::RingForever),
            ("cat", Behaviour::RingForever),
            ("dan", answers_after(600)),
            ("eve", Behaviour::RingForever),
        ],
        give_up_after: None,
        presses: "",
        talk: Some(Talk { with: "dan", hold: false, said: Said::Counted, hangs_up: "carl" }),
        hands_on: None,
        message: false,
        stated: &[
            "inbound call: answered, ended by external, owner Max Manager",
            "path: call_started, ivr_entered, routing_started, no_answer, ivr_exited, \
             ivr_entered, routing_started, answered, ivr_exited, call_ended",
            "route to Overflow, simulring: answered by Dan Diaz, hangup_external",
            "attempt of Ana Agent: no_answer 487",
            "attempt of Ben Baker: no_answer 487",
            "attempt of Cat Cole: no_answer 487",
            "attempt of Dan Diaz: answered 200",
            "attempt of Eve East: answered_elsewhere 487",
            "both heard each other",
            "caller hung up",
            "ana's phone showed Carl Contact +15557770001",
            "ben's phone showed Carl Contact +15557770001",
            "cat's phone showed Carl Contact +15557770001",
            "dan's phone showed Carl Contact +15557770001",
            "eve's phone showed Carl Contact +15557770001",
            "conversation of Carl Contact and Overflow",
            "event inbound_call “Carl Contact called Dan Diaz”",
            "in it: Carl Contact, Dan Diaz, Overflow",
        ],
    },
    Scene {
        title: "Held, recorded",
        about: "Nora is greeted, waits for Fay, is held with music; the number is recorded",
        caller: "nora",
        dials: "+15550200007",
        numbers: ("+15557770005", "+15550200007"),
        called: &[("fay", answers_after(1_200))],
        give_up_after: None,
        presses: "",
        talk: Some(Talk { with: "fay", hold: true, said: listened(1_200), hangs_up: "nora" }),
        hands_on: None,
        message: false,
        stated: &[
            "inbound call: answered, ended by external, owner Olga Owner",
            "path: call_started, ivr_entered, routing_started, answered, ivr_exited, hold, \
             resume, call_ended",
            "route to Care, simulring: answered by Fay Frost, hangup_external",
            "attempt of Fay Frost: answered 200",
            "nora heard the greeting, ringback, fay, music, fay",
            "fay heard nora",
            "recording done, as long as the talk: left nora; right fay",
            "from nora PCMU, nothing lost, scored",
            "from fay PCMU, nothing lost, scored",
            "caller hung up",
            "fay's phone showed +15557770005",
            "conversation of +15557770005 and Care",
            "event inbound_call “+15557770005 called Fay Frost”",
            "in it: +15557770005, Care, Fay Frost",
        ],
    },
    Scene {
        title: "Two codecs",
        about: "Owen's phone knows PCMU only, Gil's Opus only",
        caller: "owen",
        dials: "+15550100006",
        numbers: ("+15557770006", "+15550100006"),
        called: &[("gil", answers_after(600))],
        give_up_after: None,
        presses: "",
        talk: Some(Talk { with: "gil", hold: false, said: listened(2_000), hangs_up: "gil" }),
        hands_on: None,
        message: false,
        stated: &[
            "inbound call: answered, ended by internal, owner Gil Gray",
            "path: call_started, routing_started, answered, call_ended",
            "route to Gil Gray, single: answered by Gil Gray, hangup_internal",
            "attempt of Gil Gray: answered 200",
            "owen heard gil",
            "gil heard owen",
            "from owen PCMU, nothing lost, scored",
            "from gil opus, nothing lost, scored",
            "caller was hung up on",
            "gil's phone showed +15557770006",
            "conversation of +15557770006 and Gil Gray",
            "event inbound_call “+15557770006 called Gil Gray”",
            "in it: +15557770006, Gil Gray",
        ],
    },
    Scene {
        title: "Bad line",
        about: "Lena's line loses every fourth packet for two seconds, and the record says so",
        caller: "lena",
        dials: "+15550100007",
        numbers: ("+15557770007", "+15550100007"),
        called: &[("hal", answers_after(600))],
        give_up_after: None,
        presses: "",
        talk: Some(Talk {
            with: "hal",
            hold: false,
            said: Said::Listened { time: Duration::from_millis(8_600), line: Some(LOSSY) },
            hangs_up: "lena",
        }),
        hands_on: None,
        message: false,
        stated: &[
            "inbound call: answered, ended by external, owner Hal Hill",
            "path: call_started, routing_started, answered, call_ended",
            "route to Hal Hill, single: answered by Hal Hill, hangup_external",
            "attempt of Hal Hill: answered 200",
            "lena heard hal",
            "hal heard lena",
            "from lena critical packet_loss, then recovered",
            "from lena PCMU, packets lost, scored",
            "from hal PCMU, nothing lost, scored",
            "caller hung up",
            "hal's phone showed +15557770007",
            "conversation of +15557770007 and Hal Hill",
            "event inbound_call “+15557770007 called Hal Hill”",
            "in it: +15557770007, Hal Hill",
        ],
    },
    Scene {
        title: "Menu",
        about: "Sam presses 2 in the menu of the main number: Support rings, and Dan answers",
        caller: "sam",
        dials: "+15550200002",
        numbers: ("+15557770011", "+15550200002"),
        called: &[
            ("dan", answers_after(500)),
            ("eve", Behaviour::RingForever),
            ("cat", Behaviour::RingForever),
        ],
        give_up_after: None,
        presses: "2",
        talk: Some(Talk { with: "dan", hold: false, said: Said::Counted, hangs_up: "sam" }),
        hands_on: None,
        message: false,
        stated: &[
            "inbound call: answered, ended by external, owner Olga Owner",
            "path: call_started, ivr_entered, menu_selected, ivr_exited, ivr_entered, \
             routing_started, answered, ivr_exited, call_ended",
            "route to Support, round_robin: answered by Dan Diaz, hangup_external",
            "attempt of Dan Diaz: answered 200",
            "both heard each other",
            "caller hung up",
            "dan's phone showed +15557770011",
            "conversation of +15557770011 and Support",
            "event inbound_call “+15557770011 called Dan Diaz”",
            "in it: +15557770011, Dan Diaz, Support",
        ],
    },
    Scene {
        title: "Wrap-up",
        about: "Paul calls the desk; Ivy answers, and has two seconds of work left afterwards",
        caller: "paul",
        dials: "+15550200008",
        numbers: ("+15557770008", "+15550200008"),
        called: &[("ivy", answers_after(400))],
        give_up_after: None,
        presses: "",
        talk: Some(Talk { with: "ivy", hold: false, said: Said::Counted, hangs_up: "paul" }),
        hands_on: None,
        message: false,
        stated: &[
            "inbound call: answered, ended by external, owner Olga Owner",
            "path: call_started, ivr_entered, routing_started, answered, ivr_exited, call_ended",
            "route to Desk, longest_idle: answered by Ivy Irwin, hangup_external",
            "attempt of Ivy Irwin: answered 200",
            "waited in Desk as number 1: answered",
            "both heard each other",
            "caller hung up",
            "ivy's phone showed +15557770008",
            "conversation of +15557770008 and Desk",
            "event inbound_call “+15557770008 called Ivy Irwin”",
            "in it: +15557770008, Desk, Ivy Irwin",
        ],
    },
    Scene {
        title: "Queue",
        about: "Quin calls the desk meanwhile and waits with music until Ivy's work is done",
        caller: "quin",
        dials: "+15550200008",
        numbers: ("+15557770009", "+15550200008"),
        called: &[("ivy", answers_after(400))],
        give_up_after: None,
        presses: "",
        talk: Some(Talk { with: "ivy", hold: false, said: Said::Counted, hangs_up: "ivy" }),
        hands_on: None,
        message: false,
        stated: &[
            "inbound call: answered, ended by internal, owner Olga Owner",
            "path: call_started, ivr_entered, routing_started, answered, ivr_exited, call_ended",
            "route to Desk, longest_idle: answered by Ivy Irwin, hangup_internal",
            "attempt of Ivy Irwin: answered 200",
            "waited in Desk as number 1: answered, after more than a second",
            "both heard each other",
            "caller was hung up on",
            "ivy's phone showed +15557770009",
            "conversation of +15557770009 and Desk",
            "event inbound_call “+15557770009 called Ivy Irwin”",
            "in it: +15557770009, Desk, Ivy Irwin",
        ],
    },
    Scene {
        title: "Cold transfer",
        about: "Tess calls Jon; he sends her on to Kay and is gone: two conversations",
        caller: "tess",
        dials: "+15550100011",
        numbers: ("+15557770012", "+15550100011"),
        called: &[("jon", answers_after(400)), ("kay", answers_after(900))],
        give_up_after: None,
        presses: "",
        talk: Some(Talk { with: "jon", hold: false, said: listened(1_000), hangs_up: "kay" }),
        hands_on: Some(HandOn { to: "kay", warm: false }),
        message: false,
        stated: &[
            "inbound call: answered, ended by internal, owner Jon Jung",
            "path: call_started, routing_started, answered, transfer_started, \
             participant_left, routing_started, answered, transfer_completed, call_ended",
            "route to Jon Jung, single: answered by Jon Jung, transferred",
            "attempt of Jon Jung: answered 200",
            "transfer to Kay King, single: answered by Kay King, hangup_internal",
            "attempt of Kay King: answered 200",
            "tess heard jon, ringback, kay",
            "jon heard tess",
            "kay heard tess",
            "from tess PCMU, nothing lost, scored",
            "from jon PCMU, nothing lost, scored",
            "from kay PCMU, nothing lost, scored",
            "caller was hung up on",
            "jon's phone showed +15557770012",
            "kay's phone showed +15557770012",
            "conversation of +15557770012 and Jon Jung",
            "event inbound_call “+15557770012 called Jon Jung”",
            "in it: +15557770012, Jon Jung",
            "conversation of +15557770012 and Kay King",
            "event transfer “+15557770012 called Kay King”",
            "in it: +15557770012, Kay King",
        ],
    },
    Scene {
        title: "Warm transfer",
        about: "Vic calls Lou, who holds him, asks Mae on a second line, and joins them",
        caller: "vic",
        dials: "+15550100013",
        numbers: ("+15557770013", "+15550100013"),
        called: &[("lou", answers_after(400)), ("mae", answers_after(500))],
        give_up_after: None,
        presses: "",
        talk: Some(Talk { with: "lou", hold: false, said: listened(1_000), hangs_up: "vic" }),
        hands_on: Some(HandOn { to: "mae", warm: true }),
        message: false,
        stated: &[
            "inbound call: answered, ended by external, owner Lou Lane",
            "path: call_started, routing_started, answered, hold, transfer_started, \
             routing_started, answered, call_absorbed, transfer_completed, participant_left, \
             resume, call_ended",
            "route to Lou Lane, single: answered by Lou Lane, transferred",
            "attempt of Lou Lane: answered 200",
            "consult to Mae Moss, single: answered by Mae Moss, hangup_external",
            "attempt of Mae Moss: answered 200",
            "vic heard lou, music, mae",
            "lou heard vic, mae",
            "mae heard lou, vic",
            "from vic PCMU, nothing lost, scored",
            "from lou PCMU, nothing lost, scored",
            "from mae PCMU, nothing lost, scored",
            "caller hung up",
            "lou's phone showed +15557770013",
            "mae's phone showed Lou Lane lou",
            "mae's phone was told: now +15557770013",
            "conversation of +15557770013 and Lou Lane",
            "event inbound_call “+15557770013 called Mae Moss”",
            "in it: +15557770013, Lou Lane, Mae Moss",
        ],
    },
    Scene {
        title: "Voicemail",
        about: "Kim's telephone is off: Rosa hears a greeting and a beep, and leaves a message",
        caller: "rosa",
        dials: "+15550100008",
        numbers: ("+15557770010", "+15550100008"),
        called: &[],
        give_up_after: None,
        presses: "",
        talk: None,
        hands_on: None,
        message: true,
        stated: &[
            "inbound call: missed, ended by external, owner Kim Kraft",
            "path: call_started, routing_started, no_answer, call_ended",
            "route to Kim Kraft, single: canceled, not_answered",
            "attempt of Kim Kraft: unavailable 480",
            "voice message done, longer than a second",
            "caller hung up",
            "conversation of +15557770010 and Kim Kraft",
            "event missed_call “+15557770010 called Kim Kraft”",
            "in it: +15557770010, Kim Kraft",
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_found_by_its_numbers() {
        for (index, scene) in SCENES.iter().enumerate() {
            let same = SCENES[..index].iter().find(|other| other.numbers == scene.numbers);
            assert!(same.is_none(), "{}", scene.title);
        }
    }

    #[test]
    fn nobody_is_in_a_scene_twice() {
        for scene in SCENES {
            let mut company = scene.company();
            company.sort_unstable();
            company.dedup();
            assert_eq!(company.len(), 1 + scene.called.len(), "{}", scene.title);
        }
    }
}
