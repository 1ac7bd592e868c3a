//! The details of R0–R9 and §7.5 that a test breaks one at a time: a rule that nobody can break
//! unnoticed (model.md §8.4). Outside tests [`kept`] is a constant and costs nothing.

macro_rules! details {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// One detail of a rule.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Detail { $($(#[$doc])* $name,)* }

        #[cfg(test)]
        impl Detail {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

details! {
    /// R0: internal calls are skipped.
    R0Internal,
    /// R0: calls that ended while conversations were off are skipped.
    R0Disabled,
    /// R0: a historic job places them later.
    R0Historic,
    /// R1: a resolved number is keyed on its record.
    R1Record,
    /// R1: a withheld number is keyed on its call.
    R1Withheld,
    /// R1: a transfer target outside does not enter the key.
    R1Extra,
    /// R1: two numbers of one record are one external.
    R1Duplicates,
    /// R2: intervals are half-open; touching is no overlap.
    R2Strict,
    /// R2: overlap joins.
    R2Overlap,
    /// R2: the user who made the call has an interval.
    R2Anchor,
    /// R2: a transfer that comes back continues its user's cluster.
    R2Recall,
    /// R3: the first placement is keyed on the dialled number or Caller ID.
    R3Key,
    /// R3, D9: the group that answered is shown.
    R3AnsweredGroup,
    /// R3, D9: of a missed call, the group of the last IVR is shown.
    R3VisitedGroup,
    /// R3: an unanswered inbound call is labelled missed.
    R3Label,
    /// R3: the call's owner is contributed.
    R3Owner,
    /// R3, D7: the addressee who never connected is a member.
    R3Addressee,
    /// R3: the missed call owner is added.
    R3MissedCallOwner,
    /// R4: a later cluster is another conversation, the target's.
    R4Cluster,
    /// R4: keyed on the target's default number.
    R4Number,
    /// R4: owned by who answered.
    R4Owner,
    /// R4, D12: an unanswered transfer is a conversation of its own.
    R4Unanswered,
    /// R4: the group's missed call owner is its member and owner.
    R4GroupOwner,
    /// R5: only the first external is primary.
    R5Primary,
    /// R5: a transfer target outside joins the last placement.
    R5Extra,
    /// R5: a member's number is the conversation's if it is his.
    R5OwnNumber,
    /// R5: else his default number.
    R5DefaultNumber,
    /// R5: a group is primary audience.
    R5Audience,
    /// R6: a single placement spans the call.
    R6WholeCall,
    /// R6: of several, each ends with its last user.
    R6LastLeft,
    /// R6, D30: A is the latest user who was bridged.
    R6Agent,
    /// R6: placements on one number are one event.
    R6Fold,
    /// R7, D23: what began before the closing joins the closed one.
    R7BeforeClosing,
    /// R7: the open one is joined.
    R7Open,
    /// R7, D23: policy `reopen` reopens.
    R7Reopen,
    /// R7, D23: policy `new` does not.
    R7New,
    /// R8: events fold by time, not by arrival.
    R8Order,
    /// R8, D19: the earliest owner counts.
    R8Owner,
    /// R8: an owner set by hand stays.
    R8ManualOwner,
    /// R8, D31: who was removed stays removed.
    R8Removed,
    /// R8, D31: unless he takes part later.
    R8Returns,
    /// R8: a participant goes with the last event that brought him.
    R8Gone,
    /// R9: the same or a lower revision changes nothing.
    R9Lower,
    /// R9: a higher one replaces.
    R9Higher,
    /// §7.5: a resolved number re-keys its conversations.
    Rekey,
    /// §7.5: externals that become one are collapsed.
    RekeyCollapse,
    /// §7.5, D28: another record moves only what used that number alone.
    RekeyOtherRecord,
    /// §7.5: a merged conversation is open if either was.
    MergeOpen,
    /// §7.5: who was removed in one stays removed if that was later than his last part.
    MergeRemoved,
}

/// Whether a detail is in force: always, except in the test that breaks it.
#[cfg(not(test))]
pub(crate) const fn kept(_: Detail) -> bool {
    true
}

#[cfg(test)]
pub(crate) use testing::kept;

#[cfg(test)]
pub(crate) mod testing {
    use std::cell::Cell;

    use super::Detail;

    thread_local! {
        static BROKEN: Cell<Option<Detail>> = const { Cell::new(None) };
    }

    /// Whether a detail is in force.
    pub(crate) fn kept(detail: Detail) -> bool {
        BROKEN.get() != Some(detail)
    }

    /// Runs `work` with one detail broken, on this thread only.
    pub(crate) fn with_broken<T>(detail: Detail, work: impl FnOnce() -> T) -> T {
        BROKEN.set(Some(detail));
        let result = work();
        BROKEN.set(None);
        result
    }
}
