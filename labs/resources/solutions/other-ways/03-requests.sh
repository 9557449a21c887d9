kubectl delete pod greedy --now
kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: greedy
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    resources:
      requests:
        cpu: "0.1"
END
