//! Compiles the `.proto` files with protox: no protoc binary is needed.

use std::path::PathBuf;

use prost::Message;

const FILES: [&str; 5] = [
    "rapport/v1/event.proto",
    "rapport/v1/raw.proto",
    "rapport/v1/enriched.proto",
    "rapport/v1/release.proto",
    "rapport/v1/alert.proto",
];

/// Messages that travel as JSON: their fields are the JSON's.
const JSON_MESSAGES: [&str; 5] = ["Release", "Sample", "Alert", "Subject", "Certainty"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for file in FILES {
        println!("cargo:rerun-if-changed={file}");
    }
    let descriptors = protox::compile(FILES, ["."])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;

    let mut config = prost_build::Config::new();
    config.btree_map(["."]);
    config.enable_type_names();
    for message in JSON_MESSAGES {
        let path = format!(".rapport.v1.{message}");
        config.type_attribute(&path, "#[derive(serde::Serialize, serde::Deserialize)]");
    }
    for path in [".rapport.v1.Alert", ".rapport.v1.Subject", ".rapport.v1.Certainty"] {
        // prost's optional scalars and messages are `Option`s; an absent one is left out of the JSON.
        for field in optional_fields(path) {
            config.field_attribute(
                format!("{path}.{field}"),
                "#[serde(default, skip_serializing_if = \"Option::is_none\")]",
            );
        }
    }
    config.field_attribute(".rapport.v1.Sample.value", "#[serde(with = \"crate::number\")]");
    config.compile_fds(descriptors)?;
    Ok(())
}

fn optional_fields(path: &str) -> &'static [&'static str] {
    match path {
        ".rapport.v1.Alert" => &[
            "until",
            "subject",
            "mechanism",
            "component",
            "detected_by",
            "summary",
            "certainty",
            "next_step",
            "withdrawn_event",
        ],
        ".rapport.v1.Subject" => &["client", "peer"],
        _ => &["ratings", "expected_false_alarms"],
    }
}
