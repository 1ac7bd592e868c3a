//! The enumerations of the call graph, spelled as in `schema.sql` and the JSON Schema of
//! `finished_call_graph/1`.

use crate::text_enum;

text_enum! {
    /// Which way a call goes.
    Direction {
        /// From a trunk to a provisioned number.
        Inbound = "inbound",
        /// From a user to a trunk.
        Outbound = "outbound",
        /// From a user to a user.
        Internal = "internal",
    }
    /// State of a call (model.md §4.2).
    CallState {
        /// Being routed; nobody rings yet.
        Routing = "routing",
        /// Some far-end leg alerts.
        Ringing = "ringing",
        /// Somebody answered.
        InProgress = "in_progress",
        /// Over; nothing of it changes any more.
        Finished = "finished",
        /// Its rows moved to another call (D34).
        Absorbed = "absorbed",
    }
    /// How a call came out.
    CallOutcome {
        /// A human answered.
        Answered = "answered",
        /// Inbound and no human answered (D6).
        Missed = "missed",
        /// Nobody answered.
        NoAnswer = "no_answer",
        /// The far end was busy.
        Busy = "busy",
        /// The far end declined.
        Declined = "declined",
        /// The caller gave up.
        Canceled = "canceled",
        /// It failed.
        Failed = "failed",
        /// The dialled number is not ours.
        Unroutable = "unroutable",
    }
    /// Who ended a call.
    EndedBy {
        /// The external party.
        External = "external",
        /// A user.
        Internal = "internal",
        /// This server.
        System = "system",
    }
    /// Who made a call.
    AnchorKind {
        /// An external party.
        External = "external",
        /// A user.
        User = "user",
    }
    /// Why a Connection was opened (D3).
    ConnectionKind {
        /// The whole inbound or internal routing.
        Route = "route",
        /// A user dialled an external party.
        Dial = "dial",
        /// A party added to a running call.
        Add = "add",
        /// The consultation of a warm transfer.
        Consult = "consult",
        /// A cold transfer.
        Transfer = "transfer",
        /// A cold transfer that came back.
        Recall = "recall",
    }
    /// How a Connection came out (model.md §4.4).
    ConnectionOutcome {
        /// Somebody answered.
        Answered = "answered",
        /// Nobody answered.
        NoAnswer = "no_answer",
        /// Busy.
        Busy = "busy",
        /// Declined.
        Declined = "declined",
        /// Nobody could be rung.
        Unavailable = "unavailable",
        /// The caller left.
        Canceled = "canceled",
        /// It failed.
        Failed = "failed",
    }
    /// What a transfer was when it began (model.md §6.2.5). What it is in the end is decided by
    /// who overlapped with whom (D10).
    TransferMode {
        /// The transferor leaves when it is accepted.
        Cold = "cold",
        /// The transferor speaks with the target first.
        Warm = "warm",
    }
    /// Why a party left a call that goes on (model.md §6.2.6).
    LeaveReason {
        /// He hung up.
        Hangup = "hangup",
        /// He transferred the call.
        Transferred = "transferred",
        /// His consultation was given up.
        Abandoned = "abandoned",
        /// Somebody removed him.
        Removed = "removed",
        /// No RTP came from him.
        MediaTimeout = "media_timeout",
    }
    /// State of a transfer or consultation.
    TransferState {
        /// The target talks with the transferred party.
        Completed = "completed",
        /// Nobody answered.
        Unanswered = "unanswered",
        /// It came back to the transferor.
        Returned = "returned",
        /// The transferor gave up the consultation.
        Abandoned = "abandoned",
        /// It became a conference.
        Conference = "conference",
    }
    /// Why a Connection ended.
    EndReason {
        /// The external party hung up.
        HangupExternal = "hangup_external",
        /// A user hung up.
        HangupInternal = "hangup_internal",
        /// Its user transferred the call.
        Transferred = "transferred",
        /// The consultation was given up.
        Abandoned = "abandoned",
        /// The call ended.
        CallEnded = "call_ended",
        /// Nobody answered.
        NotAnswered = "not_answered",
        /// No RTP came.
        MediaTimeout = "media_timeout",
        /// Something broke.
        Error = "error",
    }
    /// How an Attempt came out (model.md §4.4).
    AttemptOutcome {
        /// Answered.
        Answered = "answered",
        /// The ring timer ran out.
        NoAnswer = "no_answer",
        /// 486, 600.
        Busy = "busy",
        /// 603, 607, 608.
        Declined = "declined",
        /// Somebody else answered.
        AnsweredElsewhere = "answered_elsewhere",
        /// The user's call went on to a number outside (D48).
        Forwarded = "forwarded",
        /// The caller gave up.
        CallerHangup = "caller_hangup",
        /// 487 that nobody asked for.
        Canceled = "canceled",
        /// 480, 404, 410, 604, no registration, no response.
        Unavailable = "unavailable",
        /// Any other failure.
        Failed = "failed",
    }
    /// Why a caller waits no longer in a queue.
    QueueExit {
        /// A member answered.
        Answered = "answered",
        /// He hung up.
        Abandoned = "abandoned",
        /// He waited as long as the IVR lets him.
        TimedOut = "timeout",
        /// He pressed a digit and left for an IVR.
        Option = "option",
        /// He is to be called back; his place waits without him.
        Callback = "callback",
        /// No member was there.
        Empty = "empty",
        /// The server stopped.
        Stopped = "stopped",
    }
    /// A rule that routing looks at.
    RoutingRule {
        /// Whose number was dialled.
        Number = "number",
        /// An IVR was entered, with its version.
        Ivr = "ivr",
        /// What a schedule says at this time.
        Schedule = "schedule",
        /// What a caller pressed, or did not.
        Menu = "menu",
        /// Whose the caller's record is.
        RecordOwner = "record_owner",
        /// With whom the caller talked last.
        LastAgent = "last_agent",
        /// What a lookup found.
        Lookup = "lookup",
        /// Which strategy searches a group.
        Strategy = "strategy",
        /// A member was rung, or passed over.
        Member = "member",
        /// A caller waits, or does not.
        Queue = "queue",
        /// A step of a personal inbound route.
        Device = "device",
        /// A number outside is dialled instead.
        Forward = "forward",
        /// A message is taken.
        Voicemail = "voicemail",
        /// A limit was reached.
        Limit = "limit",
        /// Somebody transferred, parked, fetched or joined calls.
        Transfer = "transfer",
        /// Somebody took a call that rang elsewhere.
        Pickup = "pickup",
        /// A supervisor listens, whispers or barges in.
        Supervise = "supervise",
    }
    /// Whether a participant is a user.
    ParticipantKind {
        /// A user.
        User = "user",
        /// Somebody outside.
        External = "external",
    }
    /// The part a participant plays in a call.
    ParticipantRole {
        /// Made the call.
        Caller = "caller",
        /// Was called.
        Callee = "callee",
        /// Was added.
        Added = "added",
        /// Was transferred to.
        TransferTarget = "transfer_target",
        /// Was consulted.
        Consulted = "consulted",
    }
    /// Kind of a Call Interaction (model.md §6.2).
    InteractionKind {
        /// First of every call.
        CallStarted = "call_started",
        /// The caller entered an IVR.
        IvrEntered = "ivr_entered",
        /// The caller left an IVR.
        IvrExited = "ivr_exited",
        /// The caller chose.
        MenuSelected = "menu_selected",
        /// The caller chose what is not offered.
        MenuInvalid = "menu_invalid",
        /// The caller did not choose.
        MenuTimeout = "menu_timeout",
        /// A schedule chose.
        ScheduleMatched = "schedule_matched",
        /// A stage of routing began.
        RoutingStarted = "routing_started",
        /// An external party is dialled.
        DialStarted = "dial_started",
        /// Somebody answered the stage or the dial.
        Answered = "answered",
        /// Nobody answered the stage or the dial.
        NoAnswer = "no_answer",
        /// A party was put on hold.
        Hold = "hold",
        /// A party was taken off hold.
        Resume = "resume",
        /// A transfer began.
        TransferStarted = "transfer_started",
        /// A transfer succeeded.
        TransferCompleted = "transfer_completed",
        /// A consultation was given up.
        TransferAbandoned = "transfer_abandoned",
        /// A cold transfer came back.
        TransferReturned = "transfer_returned",
        /// A cold transfer was not answered.
        TransferUnanswered = "transfer_unanswered",
        /// A joined party left before the end.
        ParticipantLeft = "participant_left",
        /// Another call was absorbed.
        CallAbsorbed = "call_absorbed",
        /// A digit.
        Dtmf = "dtmf",
        /// Another trunk was tried.
        TrunkFailover = "trunk_failover",
        /// No RTP came.
        MediaTimeout = "media_timeout",
        /// Rows of the call were lost.
        DataLoss = "data_loss",
        /// Last of every call.
        CallEnded = "call_ended",
    }
    /// Why a caller left an IVR.
    IvrExit {
        /// Somebody answered.
        Answered = "answered",
        /// The caller hung up.
        CallerHangup = "caller_hangup",
        /// It went on to the next IVR.
        NextIvr = "next_ivr",
        /// It went on to the IVR that the caller chose.
        MenuOption = "menu_option",
        /// The server ended it.
        SystemHangup = "system_hangup",
    }
    /// Why a stage or a dial was not answered.
    NoAnswerReason {
        /// Our timer ran out.
        Timeout = "timeout",
        /// The far end gave up (408 or 480 to a dial).
        NoAnswer = "no_answer",
        /// Busy.
        Busy = "busy",
        /// Declined.
        Declined = "declined",
        /// Nobody could be rung.
        Unavailable = "unavailable",
        /// The caller gave up.
        CallerHangup = "caller_hangup",
        /// It failed.
        Failed = "failed",
    }
    /// Direction of a stream as seen from the edge.
    QualityStream {
        /// From the leg.
        Received = "received",
        /// To the leg.
        Sent = "sent",
    }
    /// What a Quality Event measures.
    QualityMetric {
        /// Loss, percent.
        PacketLoss = "packet_loss",
        /// Jitter, milliseconds.
        Jitter = "jitter",
        /// Round trip, milliseconds.
        RoundTripTime = "round_trip_time",
        /// Mean opinion score.
        Mos = "mos",
        /// Audio one way only, seconds.
        OneWayAudio = "one_way_audio",
        /// No audio either way, seconds.
        MediaTimeout = "media_timeout",
    }
    /// How bad it was.
    QualitySeverity {
        /// Bad.
        Warning = "warning",
        /// Very bad.
        Critical = "critical",
    }
    /// Unit of a threshold.
    QualityUnit {
        /// Percent.
        Percent = "percent",
        /// Milliseconds.
        Ms = "ms",
        /// Score.
        Score = "score",
        /// Seconds.
        S = "s",
    }
    /// Why an episode ended.
    QualityClear {
        /// It got better.
        Recovered = "recovered",
        /// The leg ended.
        LegEnded = "leg_ended",
    }
    /// Where a sample came from.
    QualitySource {
        /// Our own counters.
        LocalRtp = "local_rtp",
        /// The peer's RTCP.
        Rtcp = "rtcp",
        /// The peer's RTCP XR.
        RtcpXr = "rtcp_xr",
        /// The client's report.
        Client = "client",
    }
    /// Whether a number is a user's or a group's.
    AssignedKind {
        /// A user's.
        User = "user",
        /// A group's.
        Group = "group",
    }
}

impl CallState {
    /// Nothing of the call changes any more.
    pub fn is_over(self) -> bool {
        match self {
            Self::Routing | Self::Ringing | Self::InProgress => false,
            Self::Finished | Self::Absorbed => true,
        }
    }
}
