kubectl delete pod cruncher --now
kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: cruncher
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    args: ["hog", "--memory", "60Mi"]
END
