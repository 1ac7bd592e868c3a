//! Reports as RFC 6035 and phones write them, and spoilt ones.

use proptest::prelude::*;

use super::*;

/// A session report with every line that RFC 6035 §4.6 defines, some of them folded.
const SESSION: &str = "VQSessionReport: CallTerm\r\n\
    CallID: 12345678@example.com\r\n\
    LocalID: Alice <sip:alice@example.org>\r\n\
    RemoteID: Bob <sip:bill@example.net>\r\n\
    OrigID: Alice <sip:alice@example.org>\r\n\
    LocalGroup: example-phone-55671\r\n\
    RemoteGroup: example-gateway-09871\r\n\
    LocalAddr: IP=10.10.1.100 PORT=5000 SSRC=1a3b5c7d\r\n\
    LocalMAC: 00:1f:5b:cc:21:0f\r\n\
    RemoteAddr:IP=11.1.1.150 PORT=5002 SSRC=0x2468abcd\r\n\
    RemoteMAC: 00:26:08:8e:95:02\r\n\
    LocalMetrics:\r\n\
    Timestamps:START=2004-10-10T18:23:43Z STOP=2004-10-10T18:26:02Z\r\n\
    SessionDesc:PT=18 PD=G729 SR=8000 FD=20 FO=20 FPP=2 PPS=50\r\n\
    \x20FMTP=\"annexb=no x=1\" PLC=3 SSUP=on\r\n\
    JitterBuffer:JBA=3 JBR=2 JBN=40 JBM=80 JBX=120\r\n\
    PacketLoss:NLR=5.0 JDR=2.0\r\n\
    BurstGapLoss:BLD=0 BD=0 GLD=2.0 GD=500 GMIN=16\r\n\
    Delay:RTD=200 ESD=140 SOWD=200 IAJ=2 MAJ=10\r\n\
    Signal:SL=-18 NL=-50 RERL=55\r\n\
    QualityEst:RLQ=90 RCQ=85 EXTRI=90 EXTRO=92 MOSLQ=3.4 MOSCQ=3.3\r\n\
    \x20QoEEstAlg=P.564\r\n\
    RemoteMetrics:\r\n\
    JitterBuffer:JBA=0 JBR=0 JBN=0 JBM=0 JBX=0\r\n\
    PacketLoss:NLR=0.5 JDR=127\r\n\
    QualityEst:RLQ=127 MOSLQ=4.2 MOSCQ=127\r\n\
    DialogID:1890463548@alice.example.org;to-tag=8472761;\r\n\
    \x20from-tag=9123dh311\r\n";

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

#[test]
fn a_session_report_is_read_whole() {
    let report = parse(SESSION.as_bytes()).unwrap();
    assert_eq!((report.kind, report.call_ended), (VqKind::Session, true));
    assert_eq!(report.sip_call_id, text("12345678@example.com"));
    assert_eq!(report.local_id, text("Alice <sip:alice@example.org>"));
    assert_eq!(report.remote_id, text("Bob <sip:bill@example.net>"));
    assert_eq!(report.orig_id, report.local_id);
    let dialog = "1890463548@alice.example.org;to-tag=8472761; from-tag=9123dh311";
    assert_eq!(report.dialog_id, text(dialog));
    let local = VqMetrics {
        start: text("2004-10-10T18:23:43Z"),
        stop: text("2004-10-10T18:26:02Z"),
        payload_type: Some(18),
        codec: text("G729"),
        sample_rate: Some(8000.0),
        frame_ms: Some(20.0),
        jitter_buffer_ms: Some(40.0),
        jitter_buffer_max_ms: Some(80.0),
        jitter_buffer_limit_ms: Some(120.0),
        loss_percent: Some(5.0),
        discard_percent: Some(2.0),
        burst_loss_percent: Some(0.0),
        burst_ms: Some(0.0),
        gap_loss_percent: Some(2.0),
        gap_ms: Some(500.0),
        round_trip_ms: Some(200.0),
        end_system_ms: Some(140.0),
        one_way_ms: None,
        symmetric_one_way_ms: Some(200.0),
        jitter_ms: Some(2.0),
        mean_absolute_jitter_ms: Some(10.0),
        signal_dbm: Some(-18.0),
        noise_dbm: Some(-50.0),
        echo_return_loss_db: Some(55.0),
        r_lq: Some(90.0),
        r_cq: Some(85.0),
        mos_lq: Some(3.4),
        mos_cq: Some(3.3),
    };
    assert_eq!(report.local, Some(local));
    let remote = report.remote.unwrap();
    assert_eq!((remote.loss_percent, remote.discard_percent), (Some(0.5), None), "127 is none");
    assert_eq!((remote.r_lq, remote.mos_lq, remote.mos_cq), (None, Some(4.2), None));
}

#[test]
fn reports_as_phones_write_them_are_read() {
    // No space, bare line feeds, lower case, figures before any block.
    let report = parse(b"\nvqintervalreport\ncallid:a@b\npacketloss: nlr=1.5;jdr=0\n").unwrap();
    assert_eq!((report.kind, report.call_ended), (VqKind::Interval, false));
    assert_eq!(report.sip_call_id, text("a@b"));
    assert_eq!(report.local.unwrap().loss_percent, Some(1.5));
    let alert = b"VQAlertReport: Type=NLR Severity=Critical Dir=local\r\nCallID: x\r\n";
    let report = parse(alert).unwrap();
    assert_eq!((report.kind, report.local, report.remote), (VqKind::Alert, None, None));
    let report = parse(b"VQSessionReport\r\nLocalMetrics:\r\n").unwrap();
    assert_eq!((report.call_ended, report.local), (false, Some(VqMetrics::default())));
}

#[test]
fn figures_that_are_none_are_left_out() {
    let body =
        b"VQSessionReport:\nDelay:RTD= ESD=x OWD=-1 IAJ=1e99 MAJ=NaN RTD\nQualityEst: MOSLQ=0 =";
    let metrics = parse(body).unwrap().local.unwrap();
    assert_eq!(metrics, VqMetrics::default());
    let body = b"VQSessionReport:\nSessionDesc: PT=128 PD=\"two words";
    let metrics = parse(body).unwrap().local.unwrap();
    assert_eq!((metrics.payload_type, metrics.codec), (None, text("\"two")));
}

#[test]
fn what_is_no_report_or_beyond_the_limits_is_refused() {
    assert_eq!(parse(b""), Err(VqError::NoReport));
    assert_eq!(parse(b"CallID: x\r\n"), Err(VqError::NoReport));
    let begin = b"VQSessionReport:\n".to_vec();
    let long = [begin.clone(), vec![b'x'; LENGTH_LIMIT]].concat();
    assert_eq!(parse(&long), Err(VqError::TooLong));
    let lines = |count: usize| [begin.clone(), b"x\n".repeat(count)].concat();
    assert!(parse(&lines(LINES_LIMIT - 2)).is_ok());
    assert_eq!(parse(&lines(LINES_LIMIT)), Err(VqError::TooManyLines));
    let name = format!("VQSessionReport:\nLocalID: {}\nLocalID: b", "ü".repeat(400));
    let report = parse(name.as_bytes()).unwrap();
    assert_eq!(report.local_id.unwrap().chars().count(), TEXT_LIMIT);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
        let _ = parse(&[b"VQSessionReport:\n".to_vec(), bytes].concat());
    }

    /// A report with a few bytes spoilt is read or refused, and every figure stays in its range.
    #[test]
    fn a_spoilt_report_is_survived(
        spoils in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..9),
    ) {
        let mut body = SESSION.as_bytes().to_vec();
        for (at, byte) in spoils {
            let at = at % body.len();
            body[at] = byte;
        }
        if let Ok(report) = parse(&body) {
            for metrics in [report.local, report.remote].into_iter().flatten() {
                prop_assert!(metrics.loss_percent.is_none_or(|p| (0.0..=100.0).contains(&p)));
                prop_assert!(metrics.mos_cq.is_none_or(|mos| (1.0..=5.0).contains(&mos)));
            }
        }
    }
}
