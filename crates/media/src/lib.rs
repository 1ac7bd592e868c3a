//! RTP and RTCP, anchored and relayed.
