"""Application Auto Scaling: targets, policies, scheduled actions, and the activities they cause.

It scales what a service registers in ``platform.scalable`` as a `scalable.Scalable` (`dimensions` names the scalable dimensions). All
other service namespaces go to moto.
"""
