"""The template's HTTP API, read the way API Gateway's import would read it."""

import pytest

from local.http_api import Deployed, Route, authorizers, cors, routes

ARN = "arn:aws:lambda:us-east-1:000000000000:function:answers"


@pytest.fixture
def deployed():
    return Deployed(
        references={"Origins": "http://a,http://b", "Stage": "test", "Fn.Arn": ARN},
        conditions={
            "IsTest": {"Fn::Equals": [{"Ref": "Stage"}, "test"]},
            "IsLive": {"Fn::Not": [{"Condition": "IsTest"}]},
            "Both": {"Fn::And": [{"Condition": "IsTest"}, {"Condition": "IsLive"}]},
            "Either": {"Fn::Or": [{"Condition": "IsTest"}, {"Condition": "IsLive"}]},
        },
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({"Ref": "Stage"}, "test"),
        ({"Fn::Sub": "${Stage}/${Fn.Arn}"}, f"test/{ARN}"),
        ({"Fn::Split": [",", {"Ref": "Origins"}]}, ["http://a", "http://b"]),
        ({"Fn::If": ["IsTest", "yes", {"Ref": "NeverMade"}]}, "yes"),
        ({"Fn::If": ["IsLive", {"Ref": "NeverMade"}, "no"]}, "no"),
        ({"Fn::If": ["Both", "both", "not both"]}, "not both"),
        ({"Fn::If": ["Either", "either", "neither"]}, "either"),
        ({"a": [{"Ref": "Stage"}], "b": 1}, {"a": ["test"], "b": 1}),
    ],
)
def test_a_function_of_the_template_stands_for_its_value(deployed, written, meant):
    assert meant == deployed.resolve(written)


def test_a_condition_we_cannot_read_is_an_error_not_a_guess(deployed):
    with pytest.raises(ValueError, match="Fn::Contains"):
        deployed.holds({"Fn::Contains": [["a"], "a"]})


def test_a_route_is_a_method_a_path_a_function_and_an_authorizer():
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{ARN}"
    integration = {"x-amazon-apigateway-integration": {"uri": f"{uri}/invocations"}}
    document = {
        "paths": {
            "/orders/{id}": {"get": {"security": [{"Buyer": []}], **integration}},
            "/webhook": {"post": {"security": [{"NONE": []}], **integration}},
        }
    }

    assert list(routes(document)) == [
        Route("GET /orders/{id}", ARN, "Buyer"),
        Route("POST /webhook", ARN, None),
    ]


def test_an_api_without_authorizers_has_none():
    assert authorizers({"paths": {}}) == {}


def configured(origins):
    return {"Properties": {"CorsConfiguration": {"AllowOrigins": origins}}}


def test_origins_may_be_a_list_or_the_text_of_a_list_parameter():
    assert cors(configured("http://a,http://b"))["AllowOrigins"] == [
        "http://a",
        "http://b",
    ]
    assert cors(configured(["http://a"]))["AllowOrigins"] == ["http://a"]
    assert cors({"Properties": {}}) == {}


def test_every_port_of_this_machine_is_allowed_if_the_parameter_says_so():
    """MiniStack knows no pattern; the guard around it refuses all other pages."""
    configuration = configured("http://a")["Properties"]["CorsConfiguration"]

    allowed = cors(configured("http://a"), of_any_port=True)

    assert allowed == configuration | {"AllowOrigins": ["*"]}
    assert cors({"Properties": {}}, of_any_port=True) == {}
