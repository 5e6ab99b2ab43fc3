//! Services that are known at run time only.

use std::time::Duration;

use zmqrpc::client::{Codec, RawMethod};
use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::schema::{
    self, ArgumentDescription, Description, MethodDescription, ServiceDescription, Shape,
};
use zmqrpc::server::{RawCall, RawFailure};
use zmqrpc::{AsyncClient, CallContext, CallError, Client, Error, Executed, Server, ServerBuilder};

use super::support::{Gate, anywhere, within};
use super::warehouse::{self, Line, Order, Sku, StockError, WarehouseClient};

const LIMIT: Duration = Duration::from_secs(20);

fn mirror() -> Description {
    let mut echo = MethodDescription::new("echo", Shape::Any);
    echo.docs = "Says it again.".into();
    echo.arguments
        .push(ArgumentDescription::new("value", Shape::Any));
    Description::new(vec![ServiceDescription::new("Mirror", vec![echo])])
}

fn start(builder: ServerBuilder) -> (zmqrpc::ServerHandle, Client) {
    let server = anywhere(builder).start().unwrap();
    let client = Client::connect(&server.endpoints()[0]).unwrap();
    (server, client)
}

#[test]
fn a_service_made_of_a_description_is_called_by_name() {
    within(LIMIT, || {
        let builder = Server::builder().dynamic(mirror(), |call: &RawCall| {
            assert_eq!(call.method(), RawMethod::Name("Mirror.echo"));
            assert_eq!(call.context().method().documentation(), "Says it again.");
            Ok(call.arguments().to_vec())
        });
        let (server, client) = start(builder);
        let (text,): (String,) = client.invoke("Mirror.echo", &("hello",)).unwrap();
        assert_eq!(text, "hello");
        let json = Client::builder()
            .connect(&server.endpoints()[0])
            .codec(Codec::Json);
        let reply = json
            .build()
            .unwrap()
            .call_raw("Mirror.echo", Codec::Json, b"[ 1, 2 ]");
        assert_eq!(reply.unwrap().result(), Ok(&b"[ 1, 2 ]"[..]));

        let told = client.describe().unwrap();
        assert_eq!(told.services, mirror().services);
        assert_eq!(client.method_names().unwrap(), ["Mirror.echo"]);
        let error = client.invoke::<()>("Mirror.other", &()).unwrap_err();
        assert!(matches!(error, Error::UnknownMethod { .. }), "{error}");
    });
}

/// A client of generated code calls a server through a bridge that knows the description alone.
#[test]
fn a_bridge_of_a_description_serves_clients_by_key_and_by_name() {
    within(LIMIT, || {
        let inner = warehouse::bound().start().unwrap();
        let target = AsyncClient::connect(&inner.endpoints()[0]).unwrap();
        let description = Client::connect(&inner.endpoints()[0])
            .unwrap()
            .describe()
            .unwrap();
        let bridge = Server::builder().dynamic_async(description.clone(), move |call: RawCall| {
            let target = target.clone();
            async move {
                let reply = target
                    .call_raw(call.method(), call.codec(), call.arguments())
                    .await?;
                let result = reply.result().map(<[u8]>::to_vec);
                result.map_err(|error| RawFailure::Service(error.to_vec()))
            }
        });
        let (_bridge, client) = start(bridge);
        client.verify::<WarehouseClient>().unwrap();
        assert_eq!(client.describe().unwrap(), description);
        let stub = WarehouseClient::new(client.clone());
        let line = Line {
            sku: Sku("07".into()),
            count: 3,
        };
        let order = Order {
            number: 1,
            lines: vec![line],
            note: None,
            within: LIMIT,
        };
        assert_eq!(stub.place(&order).unwrap(), [(Sku("07".into()), 3)].into());
        assert_eq!(stub.on_hand(Sku("07".into()), None).unwrap(), Some(7));
        let error = stub
            .place(&Order {
                lines: vec![],
                ..order
            })
            .unwrap_err();
        assert!(
            matches!(error, CallError::Service(StockError::Closed)),
            "{error:?}"
        );
        let greeting: String = client.invoke("greet", &("you", true)).unwrap();
        assert_eq!(greeting, "hello you");

        inner.shutdown(Duration::from_secs(1)).unwrap();
        let error = stub
            .with_timeout(Duration::from_millis(500))
            .on_hand(Sku("07".into()), None);
        let error = error.unwrap_err();
        assert_ne!(error.executed(), Executed::Yes, "{error}");
    });
}

#[test]
fn a_dynamic_service_fails_as_others_do() {
    within(LIMIT, || {
        let builder =
            Server::builder().dynamic(mirror(), |call: &RawCall| match call.arguments() {
                b"[1]" => Err(RawFailure::Service(b"\"mine\"".to_vec())),
                b"[2]" => Err(RawFailure::Arguments("value: not this one".into())),
                b"[3]" => Err(RawFailure::Unavailable {
                    reason: "the house is closed".into(),
                    executed: Executed::No,
                }),
                b"[4]" => panic!("as any service may"),
                _ => Err(RawFailure::UnknownMethod),
            });
        let (_server, client) = start(builder);
        let call = |arguments: &[u8]| client.call_raw("Mirror.echo", Codec::Json, arguments);
        assert_eq!(call(b"[1]").unwrap().result(), Err(&b"\"mine\""[..]));
        let error = call(b"[2]").unwrap_err();
        assert_eq!(error.executed(), Executed::No);
        assert!(error.to_string().contains("not this one"), "{error}");
        let error = call(b"[3]").unwrap_err();
        assert!(
            matches!(
                error,
                Error::Unavailable {
                    executed: Executed::No,
                    ..
                }
            ),
            "{error}"
        );
        assert!(error.to_string().contains("the house is closed"), "{error}");
        assert!(matches!(call(b"[4]").unwrap_err(), Error::Panicked { .. }));
        assert!(matches!(
            call(b"[5]").unwrap_err(),
            Error::UnknownMethod { .. }
        ));
    });
}

#[test]
fn a_fallback_answers_what_no_service_has_and_authorize_sees_the_name() {
    within(LIMIT, || {
        let builder = warehouse::builder()
            .fallback(|call: &RawCall| match call.method() {
                RawMethod::Name(name) => Ok(serde_json::to_vec(name).unwrap()),
                RawMethod::Key(key) => Ok(key.to_le_bytes().to_vec()),
            })
            .authorize(|cx: &CallContext| match (cx.method().name(), cx.called()) {
                ("*", RawMethod::Name("forbidden")) => Err("not this one"),
                _ => Ok(()),
            });
        let (_server, client) = start(builder);
        let named = |name: &str| client.call_raw(name, Codec::Json, b"[]");
        assert_eq!(
            named("made.up.as.asked").unwrap().result(),
            Ok(&b"\"made.up.as.asked\""[..])
        );
        let error = named("forbidden").unwrap_err();
        assert!(matches!(error, Error::Unauthenticated { .. }), "{error}");
        let key = RawMethod::Key(0x1234_5678_9ABC_DEF0);
        let reply = client.call_raw(key, Codec::Postcard, &[]).unwrap();
        assert_eq!(
            reply.result(),
            Ok(&0x1234_5678_9ABC_DEF0_u64.to_le_bytes()[..])
        );

        let stub = WarehouseClient::new(client.clone());
        assert_eq!(
            stub.on_hand(Sku("07".into()), None).unwrap(),
            Some(7),
            "services come first"
        );
        assert_eq!(
            client.describe().unwrap().services.len(),
            2,
            "and it is no service"
        );
    });
}

#[test]
fn a_method_that_is_registered_twice_is_refused_whoever_registers_it() {
    let builder = Server::builder().dynamic(mirror(), |_: &RawCall| Ok(Vec::new()));
    let builder = builder.dynamic(mirror(), |_: &RawCall| Ok(Vec::new()));
    let error = anywhere(builder).start().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`Mirror.echo` is registered twice"),
        "{error}"
    );
}

/// Two descriptions call different types by one name.
#[test]
fn types_of_several_descriptions_keep_their_meaning() {
    within(LIMIT, || {
        let described = |field: &str| {
            let json = format!(
                r#"{{"format": 1, "services": [{{"name": "{field}", "version": 1, "methods": [
                    {{"name": "get", "reply": {{"type": "Item"}}}}]}}],
                    "types": {{"Item": {{"body": {{"struct": {{"fields": [
                        {{"name": "{field}", "shape": {{"option": {{"type": "Item"}}}}}}]}}}}}}}}}}"#
            );
            serde_json::from_str::<Description>(&json).unwrap()
        };
        // As a bridge of a server like this one has them.
        let mut several = described("Three");
        let mut other = described("Four");
        let text = serde_json::to_string(&other)
            .unwrap()
            .replace("Item", "Item'");
        other = serde_json::from_str(&text).unwrap();
        several.services.extend(other.services);
        several.types.extend(other.types);
        let handler = |_: &RawCall| Ok(Vec::new());
        let builder = Server::builder()
            .dynamic(described("One"), handler)
            .dynamic(described("Two"), handler)
            .dynamic(several, handler);
        let (_server, client) = start(builder);
        let told = client.describe().unwrap();
        for name in ["One", "Two", "Three", "Four"] {
            let (_, method) = told.method(&format!("{name}.get")).unwrap();
            let schema::Body::Struct(item) = &told.type_of(&method.reply).unwrap().body else {
                panic!("{told:?}");
            };
            assert_eq!(item.fields[0].name, name);
            assert_eq!(
                item.fields[0].shape,
                Shape::Option(Box::new(method.reply.clone()))
            );
        }
    });
}

#[test]
fn events_and_one_way_calls_reach_dynamic_services_too() {
    within(LIMIT, || {
        let publisher = Publisher::bind("tcp://127.0.0.1:*").unwrap();
        let gate = Gate::default();
        gate.open();
        let seen = gate.clone();
        let mut description = schema::of::<WarehouseClient>();
        description.services[0]
            .methods
            .retain(|method| method.name == "close");
        let builder = Server::builder()
            .subscribe(Subscription::connect(&publisher.endpoints()[0]))
            .dynamic(description, move |call: &RawCall| {
                assert_eq!(
                    (call.codec(), call.arguments()),
                    (Codec::Postcard, &[1][..])
                );
                assert_eq!(call.context().topic(), Some("night"));
                seen.pass();
                Ok(Vec::new())
            });
        let server = builder.start().unwrap();
        publisher.wait_subscribers(1, LIMIT).unwrap();
        let stub = WarehouseClient::new(publisher.with_topic("night"));
        stub.close(true).unwrap();
        gate.await_arrivals(1);
        drop(server);
    });
}
