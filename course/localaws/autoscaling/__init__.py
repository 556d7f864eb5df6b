"""Application Auto Scaling: targets, policies, scheduled actions, and the activities they cause.

A service registers what can be scaled in ``platform.scalable``, as a `scalable.Scalable`. `dimensions` defines the scalable dimensions.
Requests for all other service namespaces go to moto.
"""
