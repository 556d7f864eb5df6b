def make_right_for(option, case):
    """The question that stands in the way is answered the other way; no rule of another exercise is needed."""
    wait = case["answer_s"]
    border = 24 * case["instance_usd"] / case["model_s"] / case["memory_gb"] / case["gb_second_usd"]
    both = case["model_s"] + case["transform_s"]
    if option == "batch":
        change = {"answer_s": 3600}
    elif wait >= 3600:
        change = {"answer_s": 3590}
    elif option == "asynchronous":
        change = {"payload_mb": 6.2}
    elif case["payload_mb"] > 6:
        change = {"payload_mb": 4 if option == "serverless" else 5.9}
    elif case["model_s"] > 60:
        change = {"model_s": 59}
    elif option == "multi-model":
        change = {"models": 2} if case["models"] == 1 else {"cold_s": wait}
    elif case["models"] > 1:
        change = {"cold_s": 1.02 * wait} if option == "real time" and wait < 100 else {"models": 1}
    elif option == "pipeline":
        change = {"transform_s": 0.98 * (wait - case["model_s"])} if case["transform"] == "request" else {"transform": "request"}
    elif case["transform"] == "request" and both <= wait:
        change = {"transform": "history"}
    elif option == "real time":
        change = {"cold_s": 1.02 * wait} if wait < 100 else {"payload_mb": 4.2}
    elif case["cold_s"] > wait:
        change = {"cold_s": wait}
    elif case["payload_mb"] > 4:
        change = {"payload_mb": 4}
    elif case["memory_gb"] > 6:
        change = {"memory_gb": 6}
    else:
        change = {"requests_a_day": 0.97 * border}
    return {**case, **change}
