//! What is on its way to a viewer who is cut: as much as the door lets be unsent, however much there was to send.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    client::{Got, OFFERED, ON_ITS_WAY, Player, expect_cut, narrow},
    continuity::{encoder, is_live},
    stage::{IDLE, Stage},
};

#[tokio::test]
async fn who_does_not_read_and_is_cut_gets_no_more_than_the_door_lets_be_unsent() {
    let mut stage = Stage::open().await;
    let _encoder = encoder(&stage, "1280x720");
    stage.event(is_live).await;
    let path = |door: &str, jti: &str| format!("/live/{IDLE}/{door}?token={}", stage.token(jti, json!({})));
    let (mut other, _) = Player::once_live(stage.http, &path("ws", "other")).await;
    let mut slow = narrow(stage.http).await;
    let path = path("stream.mp4", "slow");
    let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut begun = [0; 12];
    slow.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200");
    // It reads nothing while another gets all that there is.
    let mut offered = 0;
    while offered < OFFERED {
        match other.next().await {
            Got::Media(bytes) => offered += bytes.len(),
            Got::Info(_) => {}
            other => panic!("unexpected {other:?}"),
        }
    }
    let delivery = stage.revoke("slow").await;
    assert_eq!(delivery.acknowledged[0].sessions_ended, 1);
    assert_eq!(delivery.acknowledged[0].bytes_after, 0);
    expect_cut(slow, ON_ITS_WAY).await;
}
