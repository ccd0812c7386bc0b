//! Requests made from the OpenAPI document, right and wrong ones: none is answered by a failure of the server, and each answer is as
//! the document says.

use jsonschema::Validator;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};

use crate::support::{Answer, Served, serve, serve_map};

const N_PER_OPERATION: usize = 150;
const SEEDS: [u64; 2] = [1, 2];

struct Fuzzer {
    document: Value,
    rng: ChaCha8Rng,
    /// Ids that were used, so that later requests hit cells and classes that are there.
    ids: Vec<String>,
}

impl Fuzzer {
    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema.get("$ref").and_then(Value::as_str) {
            Some(name) => self.document.pointer(&name[1..]).unwrap(),
            None => schema,
        }
    }

    /// A value of a schema.
    fn value(&mut self, schema: &Value) -> Value {
        let schema = self.resolve(schema).clone();
        for key in ["anyOf", "oneOf", "enum"] {
            if let Some(choice) = schema.get(key).and_then(Value::as_array) {
                let one = choice.choose(&mut self.rng).unwrap().clone();
                return if key == "enum" { one } else { self.value(&one) };
            }
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("object") => self.object(&schema),
            Some("array") => {
                let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
                let n = self.rng.random_range(least..=least.max(3));
                (0..n).map(|_| self.value(&schema["items"])).collect()
            }
            Some("string") => self.text(&schema),
            Some("integer") => {
                let least = schema.get("minimum").and_then(Value::as_i64).unwrap_or(-1);
                let most =
                    schema.get("maximum").and_then(Value::as_i64).unwrap_or(least + 4).min(least + 600);
                json!(self.rng.random_range(least..=most))
            }
            Some("number") => json!(self.rng.random_range(-2.0..20.0)),
            Some("boolean") => json!(self.rng.random_bool(0.5)),
            _ => Value::Null,
        }
    }

    fn object(&mut self, schema: &Value) -> Value {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let mut object = Map::new();
        for (name, part) in schema["properties"].as_object().cloned().unwrap_or_default() {
            if required.contains(&json!(name)) || self.rng.random_bool(0.5) {
                object.insert(name, self.value(&part));
            }
        }
        Value::Object(object)
    }

    fn text(&mut self, schema: &Value) -> Value {
        let pattern = schema.get("pattern").and_then(Value::as_str).unwrap_or_default();
        if pattern.starts_with("^#") {
            return json!(format!("#{:06x}", self.rng.random_range(0..0x100_0000)));
        }
        if !pattern.is_empty() {
            if self.rng.random_bool(0.6) && !self.ids.is_empty() {
                return json!(self.ids.choose(&mut self.rng).unwrap());
            }
            let n: u64 = self.rng.random_range(0..1 << 40);
            let id = format!("00000000-0000-4000-8000-{n:012x}");
            self.ids.push(id.clone());
            return json!(id);
        }
        json!(["a", "Metaphase", "0,1", "", "日本", "../x", "'; --", "1"].choose(&mut self.rng).unwrap())
    }

    fn junk(&mut self) -> Value {
        let some = [
            json!(null),
            json!(-1),
            json!(1e300),
            json!(u64::MAX),
            json!(0.5),
            json!(""),
            json!("x".repeat(5000)),
            json!("\u{0}\u{7f}\u{202e}"),
            json!([]),
            json!([[[[]]]]),
            json!({}),
            json!(true),
        ];
        some.choose(&mut self.rng).unwrap().clone()
    }

    /// The same value with something wrong somewhere.
    fn spoil(&mut self, value: &mut Value) {
        let deeper = self.rng.random_bool(0.7);
        match value {
            Value::Object(map) if deeper && !map.is_empty() => {
                let key = map.keys().nth(self.rng.random_range(0..map.len())).unwrap().clone();
                if self.rng.random_bool(0.2) {
                    map.remove(&key);
                } else {
                    self.spoil(&mut map[&key]);
                }
            }
            Value::Array(list) if deeper && !list.is_empty() => {
                let i = self.rng.random_range(0..list.len());
                self.spoil(&mut list[i]);
            }
            other => *other = self.junk(),
        }
    }

    fn path(&mut self, path: &str, operation: &Value) -> String {
        let mut query = Vec::new();
        let id = if self.rng.random_bool(0.9) { 1 } else { self.rng.random_range(-1..9) };
        for parameter in operation["parameters"].as_array().cloned().unwrap_or_default() {
            let leave_out = self.rng.random_bool(if parameter["required"] == true { 0.1 } else { 0.7 });
            if parameter["in"] == "path" || leave_out {
                continue;
            }
            let mut value = self.value(&parameter["schema"]);
            if self.rng.random_bool(0.15) {
                value = self.junk();
            }
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let encoded: String = text.bytes().map(|b| format!("%{b:02x}")).collect();
            query.push(format!("{}={encoded}", parameter["name"].as_str().unwrap()));
        }
        format!("{}?{}", path.replace("{id}", &id.to_string()), query.join("&"))
    }

    fn body(&mut self, operation: &Value) -> Vec<u8> {
        let Some(content) = operation.pointer("/requestBody/content").and_then(Value::as_object) else {
            return Vec::new();
        };
        let Some(json) = content.get("application/json") else {
            return [
                "y,x,class\n1,2,a\n3,4,b\n",
                "PK\u{3}\u{4}",
                "{\"images\":[]}",
                "Iout",
                "",
                "y,x\n1,nan\n",
            ]
            .choose(&mut self.rng)
            .unwrap()
            .as_bytes()
            .to_vec();
        };
        let mut value = self.value(&json["schema"]);
        if self.rng.random_bool(0.4) {
            self.spoil(&mut value);
        }
        let mut text = value.to_string().into_bytes();
        if self.rng.random_bool(0.05) && !text.is_empty() {
            text.truncate(self.rng.random_range(0..text.len()));
        }
        text
    }

    /// The schema of an answer by its kind, ready to judge; none when it is no JSON.
    fn validator(&self, operation: &Value, answer: &Answer) -> Option<Validator> {
        let answers = &operation["responses"];
        let documented = answers.get(answer.status.as_str()).unwrap_or(&answers["default"]);
        let kind = answer.headers["content-type"].to_str().unwrap();
        let schema = &documented["content"][kind]["schema"];
        assert!(schema.is_object(), "{kind} is not documented: {documented}");
        if kind != "application/json" || schema["format"] == "binary" {
            return None;
        }
        let whole = json!({ "allOf": [schema], "components": self.document["components"] });
        Some(jsonschema::validator_for(&whole).unwrap())
    }
}

async fn check(served: &Served, fuzzer: &mut Fuzzer, path: &str, method: &str, operation: &Value) -> bool {
    let (to, body) = (fuzzer.path(path, operation), fuzzer.body(operation));
    let shown = String::from_utf8_lossy(&body).into_owned();
    let answer = served.send(&method.to_uppercase(), &to, body).await;
    let what =
        || format!("{method} {to} {shown}: {} {}", answer.status, String::from_utf8_lossy(&answer.bytes));
    assert!(!answer.status.is_server_error(), "{}", what());
    let documented =
        answer.status.is_success() || [400, 404, 409, 413, 422].contains(&answer.status.as_u16());
    assert!(documented, "{}", what());
    if let Some(validator) = fuzzer.validator(operation, &answer) {
        let json = answer.json();
        let errors: Vec<String> = validator.iter_errors(&json).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", what());
    }
    answer.status.is_success()
}

#[tokio::test]
async fn answers_are_as_documented_and_never_a_failure_of_the_server() {
    for seed in SEEDS {
        let served = serve(2, 16, 16).await;
        // Something to export.
        let labelled = served.send("POST", "/api/import?image=1", b"y,x,class\n3,4,a\n".to_vec()).await;
        assert_eq!(labelled.json()["added"], 1);
        // Without any success only refusals would have been tried; these need more than a small dark movie.
        let needs_more = [("post", "/api/train"), ("post", "/api/suggest")];
        fuzz(&served, seed, &|method, path| {
            !path.starts_with("/api/map") && !needs_more.contains(&(method, path))
        })
        .await;
    }
}

#[tokio::test]
async fn answers_about_a_map_are_as_documented() {
    for seed in SEEDS {
        fuzz(&serve_map().await, seed, &|_, path| path.starts_with("/api/map")).await;
    }
}

/// Asks all there is; `may_succeed` says of which operations some requests must be answered as wished.
async fn fuzz(served: &Served, seed: u64, may_succeed: &dyn Fn(&str, &str) -> bool) {
    let document: Value = serde_json::from_str(server::OPENAPI).unwrap();
    let rng = ChaCha8Rng::seed_from_u64(seed);
    let mut fuzzer = Fuzzer { document: document.clone(), rng, ids: Vec::new() };
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let mut n_done = 0;
            for _ in 0..N_PER_OPERATION {
                n_done += usize::from(check(served, &mut fuzzer, path, method, operation).await);
            }
            assert!(n_done > 0 || !may_succeed(method, path), "{method} {path} never succeeded");
        }
    }
}
