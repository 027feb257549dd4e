//! rapport-alerts
