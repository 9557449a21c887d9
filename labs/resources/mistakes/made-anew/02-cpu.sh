podlab answer slowed b
kubectl delete pod spin --now
kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: spin
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    args: ["hog", "--cpu", "1"]
    resources:
      limits:
        cpu: 400m
END
