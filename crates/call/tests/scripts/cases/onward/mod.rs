//! Calls that go on elsewhere: forwarded before anybody answers, handed on to an IVR afterwards.

mod forwarding;
mod into_ivr;
