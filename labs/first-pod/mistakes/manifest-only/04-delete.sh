kubectl delete -f web.yaml
