//! The harness itself: that the real servers can be started, asked and stopped.

use std::time::Duration;

use rapport_tests::harness::{Alertmanager, Prometheus, Webhook, wait_until};

const SOON: Duration = Duration::from_secs(20);

#[test]
fn prometheus_answers_queries_about_itself() {
    let prometheus = Prometheus::start("global: {scrape_interval: 1s}\n");
    assert_eq!(prometheus.number("1 + 1"), Some(2.0));
    assert_eq!(prometheus.number("absent_metric"), None);
}

#[test]
fn alertmanager_hands_an_alert_to_a_webhook_and_survives_a_kill() {
    let webhook = Webhook::start();
    let config = format!(
        "route: {{receiver: hook, group_wait: 0s}}\nreceivers: [{{name: hook, webhook_configs: [{{url: '{}'}}]}}]\n",
        webhook.url()
    );
    let mut alertmanager = Alertmanager::start(&config);
    alertmanager.kill();
    alertmanager.launch();
    let alert = serde_json::json!([{"labels": {"alertname": "a"}}]);
    let post = reqwest::blocking::Client::new().post(format!("{}/api/v2/alerts", alertmanager.url()));
    assert!(post.json(&alert).send().unwrap().status().is_success());
    wait_until("the webhook to be called", SOON, || {
        webhook.bodies().iter().any(|body| body.contains("alertname"))
    });
    assert_eq!(alertmanager.alerts().len(), 1);
}
