kubectl patch configmap banner -p '{"data": {"text": "second edition"}}'
kubectl annotate pod three look=now
podlab answer how-to-tell a
