kubectl exec shop -- env
kubectl delete pod shop --now
kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: shop
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c"]
    args: ["echo connecting to ${DB_HOST:?is not set}; exec serve"]
    env:
    - name: DB_HOST
      value: db
END
