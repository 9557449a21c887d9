podlab answer patience 5m
# Both tolerations, by a patch, and the answer in words.
kubectl patch deployment lamp --type=json -p '[{"op":"add","path":"/spec/template/spec/tolerations","value":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":10},{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":10}]}]'
kubectl rollout status deployment lamp --timeout=60s
podlab answer listed "until its node says that it has ended, or the node is deleted"
